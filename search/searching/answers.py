"""What a search answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ..merchandising.rules import Fired
from ..merchandising.snapshots import BannerShown
from ..registry import ProductCard
from ..retrieval.facets import FacetCount
from ..retrieval.price_ranges import PriceRange
from . import reasons
from .explanations import Absence, Explanation
from .parts import UnderstoodPart

Sort = Literal["relevance", "newest", "price", "-price"]
SORTS: tuple[str, ...] = get_args(Sort)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchResult:
    """One product that was found."""

    product: Any  # the host's instance
    card: ProductCard
    score: float  # higher is better; meaningful inside one answer only


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchAnswer:
    """One page of results, and totals and facets over all of them."""

    query: str  # that was searched for
    typed: str  # the same, unless a slip was corrected
    total: int
    matching: int  # the first so many have all that was asked for; the others are the closest to it
    complete: bool  # False when more products would qualify than were looked at
    degraded: str  # "" or a sentence that says what does not work
    took_ms: float
    results: list[SearchResult]
    facets: dict[str, list[FacetCount]]
    price_ranges: list[PriceRange]  # to choose from, cheapest first
    in_stock: int  # how many results are; like a facet's counts, whether or not only those are asked for
    understood: list[UnderstoodPart]  # what the query names
    unknown: tuple[str, ...]  # words of the query that no product holds
    page: int
    page_size: int
    photo: str = ""  # token of the photo that was searched with
    more: tuple[str, ...] = ()  # SKUs of products that results shall look like, too
    less: tuple[str, ...] = ()  # and less like
    instead: tuple[str, ...] = ()  # queries to try where nothing is found
    redirect: str = ""  # where the query leads instead of to results
    banners: tuple[BannerShown, ...] = ()
    fired: tuple[Fired, ...] = ()  # rules that took effect
    explanation: Explanation | None = None  # where it was asked for
    absence: Absence | None = None  # likewise, of one product
    token: str = ""  # for the next page, so that it is cut from the same list; "" where there is none
    restarted: bool = False  # the token given was too old or of another search: this is a fresh first page
    stages: Mapping[str, float] = field(default_factory=dict)  # milliseconds of each
    left_out: tuple[str, ...] = ()  # names, from `reasons`, of what was asked for and is not in the answer

    @property
    def is_blind(self) -> bool:
        """Whether nobody could look, so that an empty list does not say that nothing fits."""
        return reasons.RESULTS in self.left_out

    @property
    def is_corrected(self) -> bool:
        """Whether something else was searched for than was typed."""
        return self.query != self.typed

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.total // self.page_size)

    @property
    def offset(self) -> int:
        """How many results the pages before this one hold."""
        return (self.page - 1) * self.page_size

    @property
    def closest_from(self) -> int | None:
        """How many results of this page have all that was asked for, where others follow; None where none do."""
        before = self.matching - self.offset
        return max(before, 0) if before < len(self.results) else None

    @property
    def next_page(self) -> int | None:
        """Number of the page after this one, or None."""
        return self.page + 1 if self.page < self.pages else None


@dataclass(frozen=True, kw_only=True, slots=True)
class SimilarAnswer:
    """Products like another one, most similar first."""

    product_key: str
    complete: bool = True
    degraded: str = ""
    took_ms: float = 0.0
    results: list[SearchResult] = field(default_factory=list)
    fired: tuple[Fired, ...] = ()  # rules that took effect
    left_out: tuple[str, ...] = ()  # as in `SearchAnswer`
