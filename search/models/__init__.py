"""The tables of the plugin."""

from .entries import EntryImage, IndexEntry
from .evaluations import Evaluation
from .lexicons import VersionLexicon
from .stale import StaleProduct
from .versions import IndexVersion

__all__ = ["EntryImage", "Evaluation", "IndexEntry", "IndexVersion", "StaleProduct", "VersionLexicon"]
