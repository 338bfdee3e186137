"""What the address of a search page asks for, and the filter panel made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Protocol

from django.http import QueryDict

from search.exceptions import InvalidQuery
from search.searching import Filters

FACETS = {"category": "Category", "brand": "Brand", "colour": "Colour", "gender": "For"}
KINDS = {**FACETS, "pattern": "Pattern", "usage": "For", "price": "Price"}  # of what a query names
SORTS = {
    "relevance": "Best match",
    "newest": "Newest",
    "price": "Price, low to high",
    "-price": "Price, high to low",
}
SHOWN_VALUES = 14  # of a facet; the chosen ones are always shown


class Count(Protocol):
    """A facet's value and how many results have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search as the plugin takes it."""

    text: str
    filters: Filters
    sort: str
    page: int
    spelling: bool  # whether slips are corrected


@dataclass(frozen=True, slots=True)
class Option:
    """One check box of the panel."""

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One facet of the panel; `more` values are not shown."""

    field: str
    label: str
    options: list[Option]
    more: int

    @property
    def open(self) -> bool:
        """Whether a value of it is chosen."""
        return any(option.chosen for option in self.options)


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
    without: str


@dataclass(frozen=True, slots=True)
class UnderstoodChip:
    """A part of the query, and the query string without it."""

    kind: str
    label: str
    without: str


class FilterForm:
    """Reads the query string of a search page.

    Args:
        data: the request's query parameters.
    """

    sorts = SORTS

    def __init__(self, data: QueryDict) -> None:
        self._data = data
        self.sort = data.get("sort") or "relevance"
        self.corrects = data.get("spelling") != "off"
        self.price_min = data.get("price_min", "").strip()
        self.price_max = data.get("price_max", "").strip()

    def wanted(self) -> Wanted:
        """The search.

        Raises:
            InvalidQuery: a price or the page is not a number.
        """
        facets = {field: values for field in FACETS if (values := self._chosen(field))}
        return Wanted(
            text=self._data.get("q", ""),
            filters=Filters(
                facets=facets,
                price_min=_price(self.price_min, "lowest"),
                price_max=_price(self.price_max, "highest"),
            ),
            sort=self.sort,
            page=_page(self._data.get("page", "1")),
            spelling=self.corrects,
        )

    def groups(self, facets: Mapping[str, Iterable[Count]]) -> list[Group]:
        """The panel's facets, each with its commonest values and those that are chosen."""
        groups = []
        for field, label in FACETS.items():
            chosen = self._chosen(field)
            counts = {count.value: count.count for count in facets.get(field, ())}
            shown = sorted(counts, key=lambda value: (-counts[value], value))[:SHOWN_VALUES]
            shown = [value for value in chosen if value not in shown] + shown
            options = [Option(value, counts.get(value, 0), value in chosen) for value in shown]
            if options:
                groups.append(Group(field, label, options, max(0, len(counts) - len(options))))
        return groups

    def chips(self) -> list[Chip]:
        """The filters that are set, each with the address that drops it."""
        chips = [
            Chip(value, self._without(field, value)) for field in FACETS for value in self._chosen(field)
        ]
        if self.price_min:
            chips.append(Chip(f"From {self.price_min}", self._without("price_min")))
        if self.price_max:
            chips.append(Chip(f"Up to {self.price_max}", self._without("price_max")))
        return chips

    def understood(self, parts: Iterable[Part]) -> list[UnderstoodChip]:
        """What the query names, each with the address of the query without it."""
        return [
            UnderstoodChip(
                KINDS.get(part.facet, part.facet.capitalize()), _in_words(part), self._changed(q=part.without)
            )
            for part in parts
            if not part.implied
        ]

    def as_typed(self) -> str:
        """The query string that searches for what was typed, slips and all."""
        return self._changed(spelling="off")

    def _changed(self, **parameters: str) -> str:
        data = self._data.copy()
        data.pop("page", None)
        for name, value in parameters.items():
            data[name] = value
        return data.urlencode()

    def _chosen(self, field: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, self._data.getlist(field))))

    def _without(self, field: str, value: str | None = None) -> str:
        data = self._data.copy()
        data.pop("page", None)
        rest = [other for other in data.getlist(field) if value is not None and other != value]
        data.setlist(field, rest)
        return data.urlencode()


def _in_words(part: Part) -> str:
    """The value that a part of the query names, or the price as it was typed."""
    return part.text if part.facet == "price" else part.values[0]


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
