"""The tables of the plugin."""

from .entries import EntryImage, IndexEntry
from .lexicons import VersionLexicon
from .merchandising_banners import Banner
from .merchandising_redirects import Redirect
from .merchandising_rules import MerchandisingRule
from .merchandising_synonyms import Synonym
from .stale import StaleProduct
from .versions import IndexVersion

__all__ = [
    "Banner",
    "EntryImage",
    "IndexEntry",
    "IndexVersion",
    "MerchandisingRule",
    "Redirect",
    "StaleProduct",
    "Synonym",
    "VersionLexicon",
]
