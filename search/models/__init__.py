"""The tables of the plugin."""

from .entries import EntryImage, IndexEntry
from .evaluations import Evaluation
from .insight import LoggedSearch, SearchEvent
from .insight_days import PopularQuery, QueryDay, SearchDay, StageDay
from .lexicons import VersionLexicon
from .stale import StaleProduct
from .versions import IndexVersion
from .wordlists import WordList

__all__ = [
    "EntryImage",
    "Evaluation",
    "IndexEntry",
    "IndexVersion",
    "LoggedSearch",
    "PopularQuery",
    "QueryDay",
    "SearchDay",
    "SearchEvent",
    "StageDay",
    "StaleProduct",
    "VersionLexicon",
    "WordList",
]
