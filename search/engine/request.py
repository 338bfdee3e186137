"""What a search is asked for: filters, references, and the request that holds everything, checked once."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import KW_ONLY, astuple, dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from hashlib import sha256
from typing import Literal, get_args

from ..conf import get_settings
from ..exceptions import InvalidQuery
from ..facets import SIGN, facet_of, parse_token, token_of
from ..merchandising.rules import Rule
from ..models import IndexVersion
from ..models.entries import FINEST_PRICE, HIGHEST_PRICE
from ..query.parse import Query, clean_query
from ..query.synonyms import SynonymEntry
from ..registry import get_index
from ..text import clean_text

Sort = Literal["relevance", "newest", "price", "-price"]
SORTS: tuple[str, ...] = get_args(Sort)
LAST_PAGE = 100_000
BLANK = " "  # what a value of blanks becomes: no product has it, and a filter that was dropped would show all
MOST_REFERENCES = 10  # products that results should look like, and as many that they should look less like
LONGEST_SKU = 200  # characters
NO_LOOKS = "looks must be facet=value, such as category=Shirts, once for each facet."


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Facet values and a price range; values of one facet are alternatives, everything else must hold together."""

    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    in_stock: bool = False  # only what is in stock

    def __bool__(self) -> bool:
        return bool(self.selected) or self.has_price or self.in_stock

    @property
    def has_price(self) -> bool:
        """Whether an end of the price range is set."""
        return self.price_min is not None or self.price_max is not None

    @property
    def selected(self) -> tuple[str, ...]:
        """Facets of which a value is chosen."""
        return tuple(name for name, values in self.facets.items() if values)

    @property
    def without_price(self) -> "Filters":
        """The same filters without the price range."""
        return replace(self, price_min=None, price_max=None)

    @property
    def without_stock(self) -> "Filters":
        """The same filters, sold out products too."""
        return replace(self, in_stock=False)

    def without(self, facet: str) -> "Filters":
        """The same filters without those of one facet."""
        return replace(self, facets={name: values for name, values in self.facets.items() if name != facet})


NO_FILTERS = Filters()


def clean_filters(filters: Filters, facets: Collection[str]) -> Filters:
    """Return the filters with their values cleaned, and ends of prices as fine as the column is; empty values are left out.

    Args:
        filters: what was asked for.
        facets: names of the facets that the host's ProductIndex declares.

    Raises:
        InvalidQuery: an unknown facet, or a price that is not a price.
    """
    cleaned = {}
    for name, values in filters.facets.items():
        if name not in facets:
            raise InvalidQuery(
                "unknown_facet", f"{name!r} is not a facet; the facets are {', '.join(facets)}."
            )
        given = (_value(value) for value in values if value)
        cleaned[name] = tuple(dict.fromkeys(given))
    for name, price in (("price_min", filters.price_min), ("price_max", filters.price_max)):
        if price is not None and not (price.is_finite() and 0 <= price < HIGHEST_PRICE):
            raise InvalidQuery("invalid_price", f"{name} must be a number from 0, such as 1500.")
    return replace(
        filters,
        facets=cleaned,
        price_min=_rounded(filters.price_min, ROUND_CEILING),
        price_max=_rounded(filters.price_max, ROUND_FLOOR),
    )


def check_range(filters: Filters) -> None:
    """Refuse a price range without a price in it, where somebody is there who can correct it; a search finds nothing in it.

    Raises:
        InvalidQuery: its lowest price is above its highest.
    """
    if None not in (filters.price_min, filters.price_max) and filters.price_min > filters.price_max:  # type: ignore[operator]
        raise InvalidQuery("invalid_price", "price_min is above price_max; swap the two.")


def _value(given: str) -> str:
    """A value as products have it; of blanks, of characters that are no text, or too long, one that no product has."""
    try:
        return clean_text(given, "a value") or BLANK
    except InvalidQuery:
        return BLANK


def _rounded(price: Decimal | None, rounding: str) -> Decimal | None:
    """The end of a range with four decimals at most; the same prices lie in the range.

    Postgres refuses numbers with more than 16,383 decimals, and 1E-20000 is one that Python takes.
    """
    if price is None or -4 <= int(price.as_tuple().exponent) <= 0:
        return price
    return price.quantize(FINEST_PRICE, rounding)


def clean_looks(looks: Sequence[str], guessed: Collection[str]) -> tuple[str, ...]:
    """Return what a photo shows, with its values cleaned.

    Args:
        looks: tokens of facets: "category=Shirts", or "category=".
        guessed: names of the facets that the host has guessed.

    Raises:
        InvalidQuery: a facet that is not guessed.
    """
    cleaned = []
    for token in looks:
        facet, value = parse_token(token)
        if facet not in guessed:
            raise InvalidQuery("invalid_looks", f"{NO_LOOKS} Facets of a photo are {', '.join(guessed)}.")
        cleaned.append(token_of(facet, _value(value) if value.strip() else "") if SIGN in token else token)
    return tuple(cleaned)


@dataclass(frozen=True, slots=True)
class References:
    """Pictures that results should look like or less like; none by default.

    Raises:
        InvalidQuery: too many products, a text that is no SKU, or a facet twice.
    """

    photo: str = ""  # token of a photo
    more: tuple[str, ...] = ()  # SKUs of products to look like
    less: tuple[str, ...] = ()  # SKUs of products to look less like
    looks: tuple[str, ...] = ()  # what the photo shows, as "facet=value"; "facet=" for nothing of that facet

    def __post_init__(self) -> None:
        for name, skus in (("more", self.more), ("less", self.less)):
            if len(skus) > MOST_REFERENCES:
                raise InvalidQuery(f"invalid_{name}", f"{name} may name {MOST_REFERENCES} products at most.")
            if any(not sku.strip() or "\x00" in sku or len(sku) > LONGEST_SKU for sku in skus):
                raise InvalidQuery(f"invalid_{name}", f"{name} must be the SKU of a product.")
        facets = [facet_of(token) for token in self.looks if SIGN in token]
        if not len(facets) == len(set(facets)) == len(self.looks):
            raise InvalidQuery("invalid_looks", NO_LOOKS)

    @property
    def lead(self) -> bool:
        """Whether results are found by these; products to look less like only change what words find."""
        return bool(self.photo or self.more)

    def __bool__(self) -> bool:
        return self.lead or bool(self.less)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What differs from a shopper's search; rules, redirects and banners count no hit in one."""

    version: IndexVersion | None = None  # to search instead of the one that serves
    synonyms: tuple[SynonymEntry, ...] | None = None  # to read the query with instead of the table's
    rules: tuple[Rule, ...] | None = (
        None  # to arrange results by instead of those of the table that hold for them
    )
    explain: bool = False  # whether the answer explains its results
    missing: str = ""  # SKU of a product; the answer says why it is not there, or not higher

    @property
    def explains(self) -> bool:
        """Whether the list is ranked anew, so that it can be explained."""
        return self.explain or bool(self.missing)


NO_TRIAL = Trial()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A page of results to be found; checked and cleaned when it is made.

    Args:
        text: what the shopper typed, whatever it is: beyond 200 characters it is cut at a word, what is no text is left
            out, and the answer's notes say so.
        filters: conditions that every result meets. Of a value that none can have, and of a range without a price, there are none.
        sort: "relevance", "newest", "price" or "-price".
        page: number of the page, from 1.
        page_size: results per page; the setting PAGE_SIZE by default, MAX_PAGE_SIZE at most.
        with_facets: whether to count facets.
        spelling: whether slips are corrected; the answer says which.
        token: of the answer with the first page: this page is then cut from the same list. With a token that is too
            old or of another search, the answer is a fresh first page and says so.
        photo: token of a photo, from `take_photo`; results are what looks like it. With words, what has them comes first.
        more: SKUs of products that results should look like, too.
        less: SKUs of products that results should look less like; they are no results themselves.
        looks: what the photo shows instead of what is guessed, as "facet=value": products that have it come first.
            "facet=" takes the guess back. Without a photo it says nothing.
        freezing: whether later pages are cut from this list; the answer then has a token for them.
        trial: what differs where this is no shopper's search.

    Raises:
        InvalidQuery: filters, sort, page, page_size, more, less or looks cannot be answered; the sentence says why.
        TypeError: text is no str.
    """

    text: str | None = ""
    _: KW_ONLY
    filters: Filters = NO_FILTERS
    sort: str = "relevance"
    page: int = 1
    page_size: int | None = None
    with_facets: bool = True
    spelling: bool = True
    token: str = ""
    photo: str = ""
    more: Sequence[str] = ()
    less: Sequence[str] = ()
    looks: Sequence[str] = ()
    freezing: bool = True
    trial: Trial | None = None
    query: Query = field(init=False)
    size: int = field(init=False)  # results per page
    facets: tuple[str, ...] = field(init=False)  # to count
    references: References = field(init=False)

    def __post_init__(self) -> None:
        settings, declared = get_settings(), get_index().facets
        if self.sort not in SORTS:
            raise InvalidQuery("invalid_sort", f"sort must be one of {', '.join(SORTS)}, not {self.sort!r}.")
        if not 1 <= self.page <= LAST_PAGE:
            raise InvalidQuery("invalid_page", f"page must be a whole number from 1 to {LAST_PAGE}.")
        size = settings.page_size if self.page_size is None else self.page_size
        if size < 1:
            raise InvalidQuery("invalid_page_size", "page_size must be a whole number from 1.")
        cleaned = {
            "query": clean_query(self.text),
            "filters": clean_filters(self.filters, declared),
            "size": min(size, settings.max_page_size),
            "facets": declared if self.with_facets else (),
            "references": References(
                self.photo, tuple(self.more), tuple(self.less), clean_looks(self.looks, get_index().guessed)
            ),
        }
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)

    @property
    def variation(self) -> Trial:
        """What differs from a shopper's search; nothing where it is one."""
        return self.trial or NO_TRIAL

    @property
    def window(self) -> slice:
        """Where the page stands in the list."""
        return slice((self.page - 1) * self.size, self.page * self.size)

    def freezes(self, total: int) -> bool:
        """Whether a list of so many results is worth keeping."""
        return self.freezing and total > self.size

    def fingerprint(self, version_id: int, text: str) -> str:
        """Return a fingerprint of the search, whatever its sort: 16 hex digits.

        Args:
            version_id: the version that is searched.
            text: that is searched for, corrected.
        """
        filters = self.filters
        content = [version_id, text, sorted(filters.facets.items()), filters.in_stock]
        content += [*astuple(self.references), str(filters.price_min), str(filters.price_max)]
        return sha256(json.dumps(content).encode()).hexdigest()[:16]
