"""Merchandising: what people at the shop change in what a search answers.

`snapshot()` tells what is running; `apply_rules` arranges results.
"""

from .applying import Applied, apply_rules
from .hits import count_hits
from .rules import Fired, Rule
from .snapshots import BannerShown, Merchandising, snapshot
from .synonym_entries import SynonymEntry, merged_synonyms, synonyms

__all__ = [
    "Applied",
    "BannerShown",
    "Fired",
    "Merchandising",
    "Rule",
    "SynonymEntry",
    "apply_rules",
    "count_hits",
    "merged_synonyms",
    "snapshot",
    "synonyms",
]
