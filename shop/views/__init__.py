"""Pages of the storefront."""

from .browse import category_page, home_page
from .media import original, thumbnail
from .product import product_page

__all__ = ["category_page", "home_page", "original", "product_page", "thumbnail"]
