"""The tables of the plugin."""

from .api_keys import ApiKey
from .arrangements import Arrangement
from .builds import Build, Dashboard
from .cards import StoredCard
from .entries import EntryImage, IndexEntry
from .insight import (
    Device,
    DeviceDay,
    IgnoredQuery,
    LoggedSearch,
    PlaceDay,
    PopularQuery,
    QueryDay,
    SearchDay,
    SearchEvent,
    StageDay,
    WeeklyMail,
)
from .judged import EvaluationRun, JudgedSet, QueryJudgement
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
    "Device",
    "DeviceDay",
    "EntryImage",
    "Evaluation",
    "EvaluationRun",
    "HealthFinding",
    "IgnoredQuery",
    "IndexEntry",
    "IndexVersion",
    "JudgedSet",
    "KeptCount",
    "KeptCountChange",
    "LoggedSearch",
    "MerchandisingRule",
    "PlaceDay",
    "PopularQuery",
    "ProductTag",
    "QueryDay",
    "QueryJudgement",
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
    "WeeklyMail",
    "WordList",
    "WordListPart",
]
