"""Registers Oscar's catalogue as it comes, unless another app of the shop has a module `search_index`: that one says what a product is."""

from importlib.util import find_spec

from django.apps import apps
from oscar.core.loading import get_model

from ...registry import register
from .index import OscarIndex


def _is_said_elsewhere() -> bool:
    """Whether another app has a module of this name, be it loaded already or not."""
    return any(
        config.name != __package__ and find_spec(f"{config.name}.search_index") is not None
        for config in apps.get_app_configs()
    )


if not _is_said_elsewhere():
    register(get_model("catalogue", "Product"))(OscarIndex)
