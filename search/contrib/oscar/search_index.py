"""Registers Oscar's catalogue as it comes, unless one of the shop's own apps has said what a product is; one that comes later replaces it."""

from oscar.core.loading import get_model

from ...exceptions import NoIndexRegistered
from ...registry import get_index, register
from .index import OscarIndex

try:
    get_index()
except NoIndexRegistered:
    register(get_model("catalogue", "Product"))(OscarIndex)
