"""The tables of the plugin."""

from .entries import EntryImage, IndexEntry
from .lexicons import VersionLexicon
from .stale import StaleProduct
from .versions import IndexVersion
from .wordlists import WordList

__all__ = ["EntryImage", "IndexEntry", "IndexVersion", "StaleProduct", "VersionLexicon", "WordList"]
