"""The one way into search: `search` for words, `find_similar` for products like another."""

from ..retrieval.facets import FacetCount
from ..retrieval.filters import Filters, clean_filters
from ..retrieval.price_ranges import PriceRange
from .answers import SORTS, SearchAnswer, SearchResult, SimilarAnswer, Sort
from .browsing import ProductPage, browse_products
from .lookup import find_product
from .merchandised import Hidden, hidden_on
from .noting import count_answer, log_search
from .other_colours import find_other_colours
from .parts import UnderstoodPart
from .photos import Box, take_photo
from .similar import find_similar
from .trials import Trial
from .uploads import MemoryOnly
from .words import search

__all__ = [
    "SORTS",
    "Box",
    "FacetCount",
    "Filters",
    "Hidden",
    "MemoryOnly",
    "PriceRange",
    "ProductPage",
    "SearchAnswer",
    "SearchResult",
    "SimilarAnswer",
    "Sort",
    "Trial",
    "UnderstoodPart",
    "browse_products",
    "clean_filters",
    "count_answer",
    "find_other_colours",
    "find_product",
    "find_similar",
    "hidden_on",
    "log_search",
    "search",
    "take_photo",
]
