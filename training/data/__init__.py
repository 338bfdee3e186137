"""Products and their pictures, read from folders in any of the formats that `docs/training-data.md` describes."""

from .catalogue import read_catalogue, read_products
from .product import Catalogue, Product

__all__ = ["Catalogue", "Product", "read_catalogue", "read_products"]
