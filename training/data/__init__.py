"""Products and their pictures, read from folders in any of the formats that `docs/training-data.md` describes."""

from .catalogue import has_large_pictures, read_catalogue, read_pictures, read_products
from .product import Catalogue, Product

__all__ = ["Catalogue", "Product", "has_large_pictures", "read_catalogue", "read_pictures", "read_products"]
