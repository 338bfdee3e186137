"""The results of a query with all that filters, facets and sorts read: filtered and counted without asking again."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeVar

from ..merchandising.applying import free_places
from ..models import IndexEntry
from ..querysets import EntryQuerySet
from ..retrieval.facets import FacetCount, sort_counts
from ..retrieval.filters import Filters
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
    """Return the ranked results with their facets, prices and dates, best first. One query."""
    found = {
        pk: (frozenset(tokens), price, in_stock, created.timestamp())
        for pk, tokens, price, in_stock, created in EntryQuerySet(IndexEntry)
        .among(ranked.entry_ids)
        .order_by()
        .values_list("pk", "facets", "price", "in_stock", "created")
    }
    return [
        PoolRow(
            candidate.product_key,
            score,
            number < ranked.matching or candidate.product_key in ranked.pinned,
            *found[candidate.entry_id],
        )
        for number, (candidate, score) in enumerate(ranked.items)
        if candidate.entry_id in found
    ]


def place_pinned(rows: Sequence[PoolRow], pinned: Mapping[str, int]) -> list[PoolRow]:
    """Return rows with the pinned products among them at the places that they shall have."""
    there = {row.product_key: row for row in rows if row.product_key in pinned}
    placed = [row for row in rows if row.product_key not in there]
    for key, place in free_places({key: place for key, place in pinned.items() if key in there}).items():
        placed.insert(place, there[key])
    return placed


def count_in_pool(
    rows: Sequence[PoolRow], names: Iterable[str], filters: Filters
) -> dict[str, list[FacetCount]]:
    """Count the values of facets over the rows that meet the filters; a facet's counts ignore its own selection."""
    meeting = [row for row in rows if row.meets(filters)]
    answer = {}
    for name in names:
        chosen = filters.facets.get(name, ())
        under = [row for row in rows if row.meets(filters.without(name))] if chosen else meeting
        prefix = f"{name}="
        counts = Counter(
            token.removeprefix(prefix) for row in under for token in row.tokens if token.startswith(prefix)
        )
        answer[name] = sort_counts(dict.fromkeys(chosen, 0) | counts)
    return answer


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
