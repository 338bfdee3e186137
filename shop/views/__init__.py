"""Pages of the storefront."""

from .bag import bag_page
from .browse import category_page, home_page
from .media import original, thumbnail
from .product import product_page

__all__ = ["bag_page", "category_page", "home_page", "original", "product_page", "thumbnail"]
