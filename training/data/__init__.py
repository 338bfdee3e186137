"""Products and their pictures, read from folders in any of the formats that `docs/training-data.md` describes."""

from .product import Catalogue, Product
from .reading import read_catalogue, read_products

__all__ = ["Catalogue", "Product", "read_catalogue", "read_products"]
