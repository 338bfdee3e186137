"""The tables of the plugin."""

from .api_keys import ApiKey
from .arrangements import Arrangement
from .builds import Build, Dashboard
from .cards import StoredCard
from .entries import EntryImage, IndexEntry
from .insight import LoggedSearch, PopularQuery, QueryDay, SearchDay, SearchEvent, StageDay
from .kept_counts import KeptCount, KeptCountChange
from .merchandising import Banner, MerchandisingRule, Redirect, Synonym
from .quality import CatalogueHealth, CatalogueMap, HealthFinding
from .tags import ProductTag, TagWord, VersionTags
from .versions import Evaluation, IndexVersion, VersionLexicon, WordList, WordListPart
from .workers import ReconcileRound, StaleMark, StaleProduct, StepLock, TaskRun

__all__ = [
    "ApiKey",
    "Arrangement",
    "Banner",
    "Build",
    "CatalogueHealth",
    "CatalogueMap",
    "Dashboard",
    "EntryImage",
    "Evaluation",
    "HealthFinding",
    "IndexEntry",
    "IndexVersion",
    "KeptCount",
    "KeptCountChange",
    "LoggedSearch",
    "MerchandisingRule",
    "PopularQuery",
    "ProductTag",
    "QueryDay",
    "ReconcileRound",
    "Redirect",
    "SearchDay",
    "SearchEvent",
    "StageDay",
    "StaleMark",
    "StaleProduct",
    "StepLock",
    "StoredCard",
    "Synonym",
    "TagWord",
    "TaskRun",
    "VersionLexicon",
    "VersionTags",
    "WordList",
    "WordListPart",
]
