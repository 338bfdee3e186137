"""What a search answers: results, totals and counts, what it leaves out and why, and how it came about where that was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..merchandising.rules import Fired
from ..merchandising.snapshots import BannerShown
from ..query.parse import Query, UnderstoodPart
from ..query.words import Unit
from ..registry import ProductCard, load_products
from ..sentences import lazily as _
from .boxes import Box
from .counts import FacetCount, PriceRange

# Why an answer is degraded, one sentence each, as pages and the API show it.
NO_VERSION = _("There is no search index yet; run: manage.py search_index rebuild")
BUILDING = _(
    "The first index is being built: results are by keyword only, and products are still being added."
)
NO_ENCODER = _("The text encoder is not available: results are by keyword only.")
SLOW_ENCODER = _("The text encoder took too long: results are by keyword only.")
NO_EMBEDDINGS_SEARCH = _("The search by embeddings failed or took too long: results are by keyword only.")
TOO_SLOW = _("The search took too long and was given up: try other words, or again in a moment.")
NO_SIMILAR = _("The search by embeddings failed or took too long: no similar products can be shown.")
NOT_ENCODED = _("The product has no embeddings yet: no similar products can be shown.")
NO_PICTURE = _("No product has a picture in the search index: photos have nothing to be compared with.")
MOST_PICTURES = _(
    "Most pictures are not in the search index: results are by their texts, and photos find little."
)
SIMILAR_BY_TEXT = _("The product's pictures are not in the search index: similar products are by its text.")
NO_WORDS = _("The words of the catalogue are not counted yet: there are no suggestions.")
NO_COUNTS = _("Counting took too long: the results are whole, but numbers beside filters are missing.")
# What is said of a query whose words are neither the catalogue's nor in a list.
NO_LIST = _("We do not know the words of this language yet, so results may be less exact.")

# What is said of characters that no text has: NUL, halves of surrogate pairs.
DROPPED = _("Some characters of the query are not text: they were left out.")
# What is said of a query that was longer than is read.
CUT = _("The query is longer than 200 characters: it was cut after “%(last)s”.")

# Names of what an answer leaves out. It always holds the filters that were set, or has no results: filters are never among them.
RESULTS = "results"  # nobody could look: an empty list does not say that nothing fits
PRODUCTS = "products"  # those that the first build has not come to
EMBEDDINGS = "embeddings"  # what is near to the query without holding its words
LOOK = "look"  # a photo, or a product to look like or less like, that the results do not go by
COUNTS = "counts"  # of facets, prices and stock; those that are given are right
SPELLING = "spelling"  # slips were not looked for
LEXICON = "lexicon"  # words are not read as colours, brands and categories, before the catalogue's words are counted
TOKEN = "token"  # noqa: S105 - later pages are computed afresh, and may repeat or skip what has changed
CARDS = "cards"  # products of this page that no list can show, because the shop's code fails for them; totals count them
WORDS = "words"  # of the catalogue, which suggestions are made of, before they are counted

# What a total is.
EXACT, AT_LEAST = "exact", "at_least"


@dataclass(frozen=True, slots=True)
class Guess:
    """A value of a facet that a photo may show."""

    facet: str
    value: str
    confidence: float  # from 0 to 1
    label: str  # the value with what lies above it, as people read it


@dataclass(frozen=True, slots=True)
class LooksLike(Guess):
    """What is said of a photo: a guess that is likely enough, or what the shopper chose instead."""

    first: bool  # whether products that have it come first
    chosen: bool  # whether the shopper chose it
    others: tuple[Guess, ...]  # to choose from instead, likeliest first


@dataclass(frozen=True, slots=True)
class RelaxedPart:
    """A part of the query that was dropped, because nothing has it with the rest."""

    text: str  # as typed; what it implies where it was not typed
    facet: str  # of its values; "" for a word
    values: tuple[str, ...]  # as understood, best fitting first


@dataclass(frozen=True, slots=True)
class Blocking:
    """A filter without which something would be found; filters are never dropped, only offered for removal."""

    filter: str  # a facet, "price" or "in_stock"
    values: tuple[str, ...]  # that are chosen of the facet
    matching: int  # how many products would have all that was asked for without it
    similar: int  # and how many more would be of the kind that was asked for
    text: str = ""  # as typed, where the query states it
    without: str = ""  # the query without it


@dataclass(frozen=True, slots=True)
class PartFit:
    """How well a result has one thing that the query asks for."""

    text: str  # as typed
    facet: str  # that it names a value of; "" for a word
    fit: float  # from 0 to 1
    lacking: bool  # too little of it
    importance: float


@dataclass(frozen=True, slots=True)
class ResultExplained:
    """One result. Ranks are from 1, among all results, of equal ones the better rank."""

    position: int
    product_key: str
    match: str  # "named": its SKU or name is the query; "full"; "close"; "pinned" or "listed" where nothing was compared
    score: float
    parts: tuple[PartFit, ...] = ()
    coverage: float | None = None  # share of what was asked for that it has
    keyword_rank: int | None = None  # by coverage
    image: float | None = None  # similarity of its best picture to the query
    image_rank: int | None = None
    text: float | None = None  # similarity of its text
    text_rank: int | None = None
    rules: tuple[str, ...] = ()  # that fired for it
    first: tuple[str, ...] = ()  # values it has that come first for the photo
    literal: float = (
        0.0  # how far it holds the very words that were typed, where others are taken for them as well
    )
    shown: float | None = (
        None  # share of the votes for what the photo shows that its kind has; None without a photo that is guessed about
    )


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a page of results came about."""

    version: str
    artifact: str  # first digits of its fingerprint
    encoded: str  # what the text encoder reads; "" where it was not asked
    in_pieces: Mapping[str, tuple[str, ...]]  # words that the text encoder knows in pieces only
    image_noise: float  # what 99 % of nonsense words stay below
    text_noise: float
    units: tuple[Unit, ...]
    conflicts: tuple[str, ...]
    rules: tuple[str, ...]  # all that fired
    results: tuple[ResultExplained, ...]
    first: tuple[str, ...] = ()  # sentences that say which values come first for the photo, and why


@dataclass(frozen=True, slots=True)
class Absence:
    """What is known of one product for one query."""

    sku: str
    position: int | None  # among the results, from 1; None where it is not among them
    reasons: tuple[str, ...]  # what keeps it out, or behind others
    parts: tuple[PartFit, ...] = ()  # what it has of the query
    image: float | None = None  # similarity of its best picture
    text: float | None = None  # similarity of its text


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchResult:
    """One product that was found."""

    key: str  # of the product
    card: ProductCard
    score: float  # higher is better; meaningful inside one answer only
    products: "PageProducts" = field(repr=False, compare=False)

    @property
    def product(self) -> Any:
        """The host's instance; those of a page are read together, when the first is asked for. None where it is gone by then."""
        return self.products.of(self.key)


class PageProducts:
    """The host's instances of a page's products, read together, and not before one is asked for.

    Args:
        keys: of all products of the page.
        read: those that are read already, by key.
    """

    def __init__(self, keys: Sequence[str], read: Mapping[str, Any]) -> None:
        self._unread = [key for key in keys if key not in read]
        self._read = dict(read)

    def of(self, key: str) -> Any:
        """Return a product; None where it can be found no more."""
        if key not in self._read and self._unread:
            self._read |= load_products(self._unread)
            self._unread = []
        return self._read.get(key)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchAnswer:
    """One page of results, and totals and facets over all of them."""

    query: str = ""  # that was searched for
    typed: str = ""  # the same, unless a slip was corrected
    total: int = 0
    matching: int = 0  # the first so many have all that was asked for; the others are similar
    fitting: int = 0  # where the query was relaxed, the first so many have all the rest
    relaxed: tuple[RelaxedPart, ...] = ()  # what was dropped of the query, because nothing has all of it
    showing: str = ""  # what is left of a relaxed query, as typed; "" where only the closest are shown
    blocked_by: tuple[
        Blocking, ...
    ] = ()  # where nothing matches, filters without which something would be found
    complete: bool = False  # False when more products would qualify than were looked at
    degraded: str = ""  # "" or sentences that say what does not work
    took_ms: float = 0.0
    results: list[SearchResult] = field(default_factory=list)
    facets: dict[str, list[FacetCount]] = field(default_factory=dict)
    price_ranges: list[PriceRange] = field(default_factory=list)  # to choose from, cheapest first
    in_stock: int = 0  # how many results are; like a facet's counts, whether or not only those are asked for
    understood: list[UnderstoodPart] = field(default_factory=list)  # what the query names
    unknown: tuple[str, ...] = ()  # words of the query that no product holds
    notes: tuple[
        str, ...
    ] = ()  # sentences about what of the query was not applied, was converted, or is nearest
    language: str = (
        ""  # code of the list of words that the query was read with; "" for the catalogue's own language
    )
    page: int = 1
    page_size: int = 1
    photo: str = ""  # token of the photo that was searched with
    turned: int = 0  # by which that photo was turned before it was looked at, clockwise in degrees
    boxes: tuple[Box, ...] = ()  # pieces that it may show, of which one may be searched with instead
    looks_like: tuple[LooksLike, ...] = ()  # what the photo shows, as far as that is likely enough to be said
    more: tuple[str, ...] = ()  # SKUs of products that results should look like, too
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
    left_out: tuple[str, ...] = ()  # names of what was asked for and is not in the answer

    @property
    def is_blind(self) -> bool:
        """Whether nobody could look, so that an empty list does not say that nothing fits."""
        return RESULTS in self.left_out

    @property
    def total_is(self) -> str:
        """EXACT, or AT_LEAST where only the best of those that would qualify were looked at; then so are all counts."""
        return EXACT if self.complete else AT_LEAST

    @property
    def is_corrected(self) -> bool:
        """Whether something else was searched for than was typed."""
        return self.query != self.typed

    @property
    def similar(self) -> int:
        """How many results lack something that was asked for."""
        return self.total - self.matching

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
        """How many results of this page have all that was asked for, or all the rest; None where no others follow them."""
        before = (self.matching or self.fitting) - self.offset
        return max(before, 0) if before < len(self.results) else None

    @property
    def next_page(self) -> int | None:
        """Number of the page after this one, or None."""
        return self.page + 1 if self.page < self.pages else None


class Draft(NamedTuple):
    """A page of results before the host's products are loaded."""

    answer: SearchAnswer  # without results
    scores: Mapping[str, float]  # product key -> score, in the order of the results
    searched: Query | None = None  # what was searched for, where the query was corrected
    thawed: bool = False  # cut from a list that was frozen, and only whole ones are


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
