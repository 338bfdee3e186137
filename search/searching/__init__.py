"""The one way into search: `search` for words, `find_similar` for products like another."""

from ..retrieval.facets import FacetCount
from ..retrieval.filters import Filters
from ..retrieval.price_ranges import PriceRange
from .answers import SORTS, SearchAnswer, SearchResult, SimilarAnswer, Sort
from .lookup import find_product
from .noting import log_search
from .parts import UnderstoodPart
from .similar import find_similar
from .trials import Trial
from .words import search

__all__ = [
    "SORTS",
    "FacetCount",
    "Filters",
    "PriceRange",
    "SearchAnswer",
    "SearchResult",
    "SimilarAnswer",
    "Sort",
    "Trial",
    "UnderstoodPart",
    "find_product",
    "find_similar",
    "log_search",
    "search",
]
