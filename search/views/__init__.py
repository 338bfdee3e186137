"""Search pages of the plugin, and the parts of them that a host's own lists are made of."""

from .form import FilterForm
from .results import context_of, find, metadata_of, refuse_beyond, status_of
from .wanted import Wanted, Within

__all__ = [
    "FilterForm",
    "Wanted",
    "Within",
    "context_of",
    "find",
    "metadata_of",
    "refuse_beyond",
    "status_of",
]
