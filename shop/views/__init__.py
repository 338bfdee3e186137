"""Pages of the storefront."""

from .browse import category_page, home_page
from .media import original, thumbnail
from .product import product_page
from .search import photo_page, search_page

__all__ = ["category_page", "home_page", "original", "photo_page", "product_page", "search_page", "thumbnail"]
