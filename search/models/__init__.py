"""The tables of the plugin."""

from .api_keys import ApiKey
from .builds import Build, Dashboard
from .entries import EntryImage, IndexEntry
from .evaluations import Evaluation
from .insight import LoggedSearch, SearchEvent
from .insight_days import PopularQuery, QueryDay, SearchDay, StageDay
from .lexicons import VersionLexicon
from .merchandising_banners import Banner
from .merchandising_redirects import Redirect
from .merchandising_rules import MerchandisingRule
from .merchandising_synonyms import Synonym
from .stale import StaleProduct
from .tags import ProductTag, TagWord, VersionTags
from .versions import IndexVersion
from .wordlists import WordList

__all__ = [
    "ApiKey",
    "Banner",
    "Build",
    "Dashboard",
    "EntryImage",
    "Evaluation",
    "IndexEntry",
    "IndexVersion",
    "LoggedSearch",
    "MerchandisingRule",
    "PopularQuery",
    "ProductTag",
    "QueryDay",
    "Redirect",
    "SearchDay",
    "SearchEvent",
    "StageDay",
    "StaleProduct",
    "Synonym",
    "TagWord",
    "VersionLexicon",
    "VersionTags",
    "WordList",
]
