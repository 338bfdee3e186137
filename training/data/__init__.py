"""Products and their pictures, read from catalogue folders."""

from .catalogue import Catalogue, Product, read_catalogue, read_products

__all__ = ["Catalogue", "Product", "read_catalogue", "read_products"]
