"""Pages of the storefront."""

from .category import CategoryPage
from .home import home
from .media import thumbnail
from .product import product
from .search import search

__all__ = ["CategoryPage", "home", "product", "search", "thumbnail"]
