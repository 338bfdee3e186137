"""The results of a query with all that filters, facets and sorts read: filtered and counted without asking again."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ..models import IndexEntry
from ..querysets import EntryQuerySet
from ..retrieval.facets import FacetCount, sort_counts
from ..retrieval.filters import Filters
from .ranking import Ranked


@dataclass(frozen=True, slots=True)
class PoolRow:
    """One result."""

    product_key: str
    score: float
    matching: bool  # has all that was asked for
    tokens: frozenset[str]  # "colour=Navy Blue"
    price: Decimal | None
    in_stock: bool
    created: datetime

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
        pk: (frozenset(tokens), price, in_stock, created)
        for pk, tokens, price, in_stock, created in EntryQuerySet(IndexEntry)
        .among(ranked.entry_ids)
        .order_by()
        .values_list("pk", "facets", "price", "in_stock", "created")
    }
    return [
        PoolRow(candidate.product_key, score, number < ranked.matching, *found[candidate.entry_id])
        for number, (candidate, score) in enumerate(ranked.items)
        if candidate.entry_id in found
    ]


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


def in_order(rows: Sequence[PoolRow], sort: str) -> list[PoolRow]:
    """Return rows sorted: by relevance as they stand, by price with those that have none last, or newest first."""
    if sort == "relevance":
        return list(rows)
    by_key = sorted(rows, key=lambda row: row.product_key)
    if sort == "newest":
        return sorted(by_key, key=lambda row: row.created, reverse=True)
    priced = [row for row in by_key if row.price is not None]
    priced.sort(key=lambda row: row.price or Decimal(0), reverse=sort == "-price")
    return priced + [row for row in by_key if row.price is None]
