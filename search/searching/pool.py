"""The results of a query with all that filters, facets and sorts read: filtered and counted without asking again."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Protocol, TypeVar

from ..merchandising.applying import free_places
from ..models import IndexEntry
from ..querysets import EntryQuerySet
from ..retrieval.counts import Counts
from ..retrieval.facets import FLAT, FacetCount, Parents, sort_counts
from ..retrieval.filters import Filters
from ..retrieval.price_ranges import PriceRange, price_ranges_of
from .ranking import Ranked


class Sortable(Protocol):
    """What can be put in the order of a sort."""

    @property
    def product_key(self) -> str: ...  # noqa: D102
    @property
    def matching(self) -> bool: ...  # noqa: D102
    @property
    def price(self) -> Decimal | None: ...  # noqa: D102
    @property
    def created(self) -> float: ...  # noqa: D102


Row = TypeVar("Row", bound=Sortable)


@dataclass(frozen=True, slots=True)
class PoolRow:
    """One result."""

    product_key: str
    score: float
    matching: bool  # has all that was asked for
    tokens: frozenset[str]  # "colour=Navy Blue"
    price: Decimal | None
    in_stock: bool
    created: float  # seconds since 1970

    def meets(self, filters: Filters) -> bool:
        """Whether it meets every condition."""
        if filters.in_stock and not self.in_stock:
            return False
        if filters.price_min is not None and (self.price is None or self.price < filters.price_min):
            return False
        if filters.price_max is not None and (self.price is None or self.price > filters.price_max):
            return False
        return all(
            not values or any(f"{name}={value}" in self.tokens for value in values)
            for name, values in filters.facets.items()
        )


def load_pool(ranked: Ranked) -> list[PoolRow]:
    """Return the ranked results with their facets, prices and dates, best first. One query at most."""
    rows = {pk: item.row for pk, item in ranked.explained.items()}
    others = [pk for pk in ranked.entry_ids if pk not in rows]
    if others:
        rows |= {row.entry_id: row for row in EntryQuerySet(IndexEntry).among(others).measured()}
    return [
        PoolRow(
            key,
            score,
            number < ranked.matching or key in ranked.pinned,
            frozenset(row.facets),
            row.price,
            row.in_stock,
            row.created,
        )
        for number, ((key, pk), score) in enumerate(ranked.items)
        if (row := rows.get(pk)) is not None
    ]


def place_pinned(rows: Sequence[PoolRow], pinned: Mapping[str, int]) -> list[PoolRow]:
    """Return rows with the pinned products among them at the places that they shall have."""
    there = {row.product_key: row for row in rows if row.product_key in pinned}
    placed = [row for row in rows if row.product_key not in there]
    for key, place in free_places({key: place for key, place in pinned.items() if key in there}).items():
        placed.insert(place, there[key])
    return placed


def count_in_pool(
    rows: Sequence[PoolRow], names: Sequence[str], filters: Filters, trees: Mapping[str, Parents]
) -> Counts:
    """Count, over the rows that meet the filters, what a filter panel shows.

    Args:
        rows: the results, those that do not meet the filters among them.
        names: the facets to count.
        filters: what is chosen.
        trees: of facets whose values lie below each other.
    """
    meeting = _meeting(rows, filters)
    shared = _count_tokens(meeting)
    facets = {}
    for name in names:
        chosen = bool(filters.facets.get(name))
        tokens = _count_tokens(_meeting(rows, filters.without(name))) if chosen else shared
        facets[name] = _values_of(name, tokens, filters, trees.get(name, FLAT))
    priced = _meeting(rows, filters.without_price) if filters.has_price else meeting
    stocked = _meeting(rows, filters.without_stock) if filters.in_stock else meeting
    return Counts(facets, ranges_of(priced), count_in_stock(stocked))


def _meeting(rows: Sequence[PoolRow], filters: Filters) -> Sequence[PoolRow]:
    return [row for row in rows if row.meets(filters)] if filters else rows


def _count_tokens(rows: Iterable[PoolRow]) -> Counter[str]:
    return Counter(chain.from_iterable(row.tokens for row in rows))


def _values_of(name: str, tokens: Counter[str], filters: Filters, parents: Parents) -> list[FacetCount]:
    prefix = f"{name}="
    counts = {token[len(prefix) :]: count for token, count in tokens.items() if token.startswith(prefix)}
    return sort_counts(dict.fromkeys(filters.facets.get(name, ()), 0) | counts, parents)


def ranges_of(rows: Sequence[PoolRow]) -> list[PriceRange]:
    """Return the price ranges to choose from."""
    return price_ranges_of([row.price for row in rows if row.price is not None])


def count_in_stock(rows: Sequence[PoolRow]) -> int:
    """How many of the rows are in stock."""
    return sum(row.in_stock for row in rows)


def in_order(rows: Sequence[Row], sort: str) -> list[Row]:
    """Return rows sorted: by relevance as they stand, by price with those that have none last, or newest first.

    What comes close to the query only stays behind what has all of it.
    """
    if sort == "relevance":
        return list(rows)
    by_key = sorted(rows, key=lambda row: row.product_key)
    if sort == "newest":
        by_key.sort(key=lambda row: row.created, reverse=True)
    else:
        by_key.sort(key=lambda row: row.price or Decimal(0), reverse=sort == "-price")
        by_key.sort(key=lambda row: row.price is None)
    return sorted(by_key, key=lambda row: not row.matching)


def count_matching(rows: Sequence[Sortable]) -> int:
    """How many rows, from the first on, have all that was asked for."""
    return next((place for place, row in enumerate(rows) if not row.matching), len(rows))
