"""The one way into search: `search` for words, `find_similar` for products like another."""

from ..query.parse import UnderstoodPart
from .answers import (
    Blocking,
    Guess,
    LooksLike,
    PageProducts,
    RelaxedPart,
    SearchAnswer,
    SearchResult,
    SimilarAnswer,
)
from .arrange import Hidden, hidden_on
from .boxes import Box
from .browse import ProductPage, browse_products, find_product
from .counts import FacetCount, PriceRange
from .mixing import mix
from .photos import MemoryOnly, read_turn, take_photo
from .request import SORTS, Filters, Sort, Trial, clean_filters
from .service import count_answer, log_search, search
from .similar import find_other_colours, find_similar

__all__ = [
    "SORTS",
    "Blocking",
    "Box",
    "FacetCount",
    "Filters",
    "Guess",
    "Hidden",
    "LooksLike",
    "MemoryOnly",
    "PageProducts",
    "PriceRange",
    "ProductPage",
    "RelaxedPart",
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
    "mix",
    "read_turn",
    "search",
    "take_photo",
]
