"""The catalogue: categories, brands, products, their variants and pictures."""

from .brand import Brand
from .category import Category
from .picture import ProductImage
from .product import Product
from .variant import Variant

__all__ = ["Brand", "Category", "Product", "ProductImage", "Variant"]
