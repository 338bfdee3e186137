"""What the address of a search page asks for, and the filter panel made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Protocol

from django.http import QueryDict

from search.engine import Filters
from search.exceptions import InvalidQuery
from shop.panel import Count, Group, PricedCount, PriceOption, group_of, price_label
from shop.search_index import FACETS

CATEGORY = "category"
LOOK = ("photo", "more", "less", "looks")
KINDS = {**FACETS, "price": "Price", "sort": "Sorted by", "code": "Code"}  # of what a query names
NOT = "not:"  # before what a query negates
FOR = "For"  # before a purpose or an occasion
NAMED_VALUES = 2  # that one word of a query may mean and still be named
SORTS = {
    "relevance": "Best match",
    "newest": "Newest",
    "price": "Price, low to high",
    "-price": "Price, high to low",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search as the plugin takes it."""

    text: str
    filters: Filters
    sort: str
    page: int
    spelling: bool  # whether slips are corrected
    token: str  # of the list that pages are cut from
    photo: str  # token of the photo to search with
    more: tuple[str, ...]  # SKUs of products that results should look like
    less: tuple[str, ...]  # and less like
    looks: tuple[str, ...]  # what the photo shows, as facet=value


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the query string without it."""

    label: str
    without: str


class Part(Protocol):
    """What the plugin understood of a query."""

    text: str
    facet: str
    values: tuple[str, ...]
    implied: bool
    negated: bool
    without: str
    says: str
    soft: bool


class Blocking(Protocol):
    """A filter without which something would be found."""

    filter: str
    values: tuple[str, ...]
    matching: int
    similar: int
    text: str
    without: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A filter to take away, and what would be found then."""

    label: str
    without: str  # the query string without it
    matching: int
    similar: int


@dataclass(frozen=True, slots=True)
class UnderstoodChip:
    """A part of the query, and the query string without it."""

    kind: str
    label: str
    without: str


@dataclass(frozen=True, slots=True)
class Within:
    """The category whose page it is."""

    name: str
    below: frozenset[str]  # names of the categories below it, which may be chosen
    offered: frozenset[str]  # those of them that no category elsewhere has, so that the index can count them


class FilterForm:
    """Reads the query string of a search page, or of the page of a category.

    Args:
        data: the request's query parameters.
        within: the category whose page it is.
    """

    def __init__(self, data: QueryDict, within: Within | None = None) -> None:
        self._data = data
        self._within = within
        self.likes = True  # whether results may be asked for that look like one
        self.sorts: Mapping[str, str] = {**SORTS, "relevance": "Recommended"} if within else SORTS
        self.sort = data.get("sort") or "relevance"
        self.in_stock = data.get("in_stock", "") == "on"
        self.corrects = data.get("spelling") != "off"
        self.price_min = data.get("price_min", "").strip()
        self.price_max = data.get("price_max", "").strip()
        self.photo = data.get("photo", "")
        self.more = self._chosen("more")
        self.looks_chosen = self._chosen("looks") if self.photo else ()
        # Without words, a photo or a chosen product there is no ranking that this could change.
        self.less = self._chosen("less") if self.looks or data.get("q", "").strip() else ()

    def wanted(self) -> Wanted:
        """The search.

        Raises:
            InvalidQuery: a price or the page is not a number, the lowest price is above the highest, or in_stock is no switch.
        """
        if self._data.get("in_stock", "") not in ("", "on", "off"):
            raise InvalidQuery("invalid_in_stock", "in_stock must be on or off.")
        lowest, highest = _price(self.price_min, "lowest"), _price(self.price_max, "highest")
        if lowest is not None and highest is not None and lowest > highest:
            raise InvalidQuery("invalid_price", "The lowest price is above the highest: swap the two.")
        facets = {field: values for field in FACETS if (values := self._chosen(field))}
        if self._within:
            facets.setdefault(CATEGORY, (self._within.name,))
        return Wanted(
            text=self._data.get("q", ""),
            filters=Filters(
                facets=facets,
                price_min=lowest,
                price_max=highest,
                in_stock=self.in_stock,
            ),
            sort=self.sort,
            page=_page(self._data.get("page", "1")),
            spelling=self.corrects,
            token=self._data.get("token", ""),
            photo=self.photo,
            more=self.more,
            less=self.less,
            looks=self.looks_chosen,
        )

    def only_filters(self, sorts: Mapping[str, str], default: str) -> None:
        """Leave words and looks aside, for a list that goes by filters alone.

        Args:
            sorts: those that such a list can have.
            default: the one that stands for others.
        """
        self.sorts = sorts
        self.sort = self.sort if self.sort in sorts else default
        self.photo, self.more, self.less, self.looks_chosen = "", (), (), ()
        self.likes = False

    @property
    def looks(self) -> bool:
        """Whether results are found by what they look like."""
        return bool(self.photo or self.more)

    @property
    def left_aside(self) -> list[str]:
        """Categories that the address names and that do not lie below the one whose page it is."""
        if self._within is None:
            return []
        own = {self._within.name, *self._within.below}
        return [name for name in dict.fromkeys(self._data.getlist(CATEGORY)) if name and name not in own]

    @property
    def shares_a_name(self) -> bool:
        """Whether a category elsewhere has the name of a chosen one, so that the index takes both for one."""
        return self._within is not None and not self._within.offered.issuperset(self._chosen(CATEGORY))

    @property
    def carried_look(self) -> list[tuple[str, str]]:
        """The parameters that say what results look like."""
        looks = {
            "photo": (self.photo,) if self.photo else (),
            "more": self.more,
            "less": self.less,
            "looks": self.looks_chosen,
        }
        return [(name, value) for name in LOOK for value in looks[name]]

    @property
    def cleared(self) -> str:
        """The query string without filters and sort."""
        return self._kept("q", "spelling", *LOOK)

    def groups(self, facets: Mapping[str, Iterable[Count]]) -> list[Group]:
        """The panel's facets that have values."""
        groups = (
            group_of(field, label, self._offered(field, facets.get(field, ())), self._chosen(field))
            for field, label in FACETS.items()
        )
        return [group for group in groups if group is not None]

    def price_options(self, ranges: Iterable[PricedCount]) -> list[PriceOption]:
        """The price ranges to choose from."""
        options = []
        for one in ranges:
            ends = {
                name: "" if price is None else format(price.normalize(), "f")
                for name, price in (("price_min", one.lowest), ("price_max", one.highest))
            }
            chosen = (self.price_min, self.price_max) == (ends["price_min"], ends["price_max"])
            label = price_label(one.lowest, one.highest)
            options.append(PriceOption(label, one.count, self._changed(**ends), chosen))
        return options

    def chips(self) -> list[Chip]:
        """The filters that are set, each with the address that drops it."""
        chips = [
            Chip(value, self._without(field, value)) for field in FACETS for value in self._chosen(field)
        ]
        if self.price_min or self.price_max:
            ends = (_price(self.price_min, "lowest"), _price(self.price_max, "highest"))
            chips.append(Chip(price_label(*ends), self._changed(price_min="", price_max="")))
        if self.in_stock:
            chips.append(Chip("In stock", self._without("in_stock")))
        return chips

    def understood(self, parts: Iterable[Part]) -> list[UnderstoodChip]:
        """What the query names, each with the address of the query without it."""
        return [
            UnderstoodChip(
                NOT if part.negated else FOR if part.soft else KINDS.get(part.facet, part.facet.capitalize()),
                _in_words(part),
                self._changed(q=part.without),
            )
            for part in parts
            if not part.implied
        ]

    def offers(self, blocking: Iterable[Blocking]) -> list[Offer]:
        """The filters without which something would be found, each with the address without it; not the category whose page it is."""
        return [
            Offer(self._label_of(one), without, one.matching, one.similar)
            for one in blocking
            if (without := self._without_blocking(one)) is not None
        ]

    def _label_of(self, one: Blocking) -> str:
        if one.text or one.filter not in ("price", "in_stock"):
            return one.text or " or ".join(one.values)
        if one.filter == "in_stock":
            return "In stock"
        return price_label(_price(self.price_min, "lowest"), _price(self.price_max, "highest"))

    def _without_blocking(self, one: Blocking) -> str | None:
        if one.text:
            return self._changed(q=one.without)
        if one.filter == "price":
            return self._changed(price_min="", price_max="")
        return self._without(one.filter) if one.filter == "in_stock" or self._chosen(one.filter) else None

    def liking(self, name: str, sku: str) -> str:
        """The query string with a product that results should look like, `more`, or less like, `less`."""
        data = QueryDict(self._kept(*self._data), mutable=True)
        for kind in ("more", "less"):
            data.setlist(kind, [other for other in data.getlist(kind) if other != sku])
        data.appendlist(name, sku)
        return data.urlencode()

    def seeing(self, facet: str, value: str) -> str:
        """The query string that takes the photo for showing a value of a facet; "" for none."""
        data = QueryDict(self._kept(*self._data), mutable=True)
        others = [token for token in data.getlist("looks") if not token.startswith(f"{facet}=")]
        data.setlist("looks", [*others, f"{facet}={value}"])
        return data.urlencode()

    def disliking(self, name: str, sku: str) -> str:
        """The query string without it."""
        return self._without(name, sku)

    def as_typed(self) -> str:
        """The query string that searches for what was typed, slips and all."""
        return self._changed(spelling="off")

    def _offered(self, field: str, counts: Iterable[Count]) -> Iterable[Count]:
        if field != CATEGORY or self._within is None:
            return counts
        return [one for one in counts if one.value in self._within.offered]

    def _kept(self, *names: str) -> str:
        data = self._data.copy()
        for name in self._data:
            if name not in names or name in ("page", "token"):
                data.pop(name)
        return data.urlencode()

    def _changed(self, **parameters: str) -> str:
        data = self._data.copy()
        for name in ("page", "token"):
            data.pop(name, None)
        for name, value in parameters.items():
            data[name] = value
            if not value:
                del data[name]
        return data.urlencode()

    def _chosen(self, field: str) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(filter(None, self._data.getlist(field))))
        if field == CATEGORY and self._within:
            return tuple(value for value in chosen if value in self._within.below)
        return chosen

    def _without(self, field: str, value: str | None = None) -> str:
        data = self._data.copy()
        for name in ("page", "token"):
            data.pop(name, None)
        rest = [other for other in data.getlist(field) if value is not None and other != value]
        data.setlist(field, rest)
        return data.urlencode()


def _in_words(part: Part) -> str:
    """The values that a part of the query names or negates, or what is said of it; the words as typed for a price and for many values."""
    if part.says:
        return part.says
    if part.negated:
        return ", ".join(part.values)
    if part.facet in ("price", "sort") or len(part.values) > NAMED_VALUES:
        return part.text
    return " or ".join(part.values)


def _price(stated: str, which: str) -> Decimal | None:
    if not stated:
        return None
    try:
        price = Decimal(stated.replace(",", "").removeprefix("₹").strip())
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or not 0 <= price < 10**10:
        raise InvalidQuery("invalid_price", f"The {which} price must be a number such as 1500.")
    return price


def _page(stated: str) -> int:
    if not (stated.isascii() and stated.isdigit() and len(stated) < 7):
        raise InvalidQuery("invalid_page", "The page must be a whole number from 1.")
    return int(stated)
