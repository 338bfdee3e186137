"""Admin of the catalogue."""

from .brand import BrandAdmin
from .category import CategoryAdmin
from .product import ProductAdmin

__all__ = ["BrandAdmin", "CategoryAdmin", "ProductAdmin"]
