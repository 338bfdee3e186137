"""Admin of the catalogue, and of accounts."""

from .accounts import ForgivingGroupAdmin, ForgivingUserAdmin
from .brand import BrandAdmin
from .category import CategoryAdmin
from .product import ProductAdmin

__all__ = ["BrandAdmin", "CategoryAdmin", "ForgivingGroupAdmin", "ForgivingUserAdmin", "ProductAdmin"]
