"""The results of a query with all that filters, facets and sorts read: filtered and counted without asking again."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain
from typing import Protocol, TypeVar

from ..conf import get_settings
from ..facets import CATEGORY, prefix_of, token_of
from ..merchandising.apply import free_places
from ..models import IndexEntry
from ..models.entries import EntryQuerySet
from ..registry import get_index
from ..session import part_in_time, stage
from .counts import (
    FLAT,
    Counts,
    FacetCount,
    Parents,
    PriceRange,
    count_facets,
    count_price_ranges,
    count_stocked,
    price_ranges_of,
    sort_counts,
)
from .filters import Filters
from .pages import Frozen, FrozenRow
from .ranking import Asked, Ranked, holding_everything, rank


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
            not values or any(token_of(name, value) in self.tokens for value in values)
            for name, values in filters.facets.items()
        )


def load_pool(ranked: Ranked) -> list[PoolRow]:
    """Return the ranked results with their facets, prices and dates, best first. One query at most."""
    rows = {pk: item.row for pk, item in ranked.explained.items()}
    others = [pk for pk in ranked.entry_ids if pk not in rows]
    if others:
        rows |= {row.entry_id: row for row in IndexEntry.objects.among(others).measured()}
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
    prefix = prefix_of(name)
    counts = {
        token.removeprefix(prefix): count for token, count in tokens.items() if token.startswith(prefix)
    }
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


# The whole list of a search, which pages are cut from, with the counts of the filter panel.


def whole_list(asked: Asked, filters: Filters) -> tuple[Frozen, Ranked]:
    """Return the whole list of a search by relevance, and the ranking that it was cut from.

    Where enough products have all that the query asks for, the list is those of them that meet the filters. Where they are
    few, the closest to it are found, too, and the filters choose among both. What is chosen is counted without that choice;
    where the time is up before that, the list is whole all the same, and of a facet only what is chosen is counted.
    """
    names = get_index().facets
    trees = {CATEGORY: asked.words.lexicon.parents}
    asked = without_stated_price(asked, filters)
    with stage("rank"):
        enough = bool(filters) and _finds_enough(asked)
        ranked = rank(asked, filters, closest=False) if enough else rank(asked, Filters())
        unfiltered = ranked
        again = bool(filters) and not enough and not ranked.complete
        if again:
            ranked = rank(asked, filters)
        pool = load_pool(ranked)
    with stage("facets"):
        # Where the filters were applied inside the ranking, every result meets them.
        counts = count_in_pool(pool, names, Filters() if enough or again else filters, trees)
        whole: Counts | None = counts
        if enough or again:
            closest = None if enough else (unfiltered, ranked)
            whole = part_in_time(
                lambda: _with_choices_counted(asked, filters, counts, trees, closest), "counts"
            )
    shown = place_pinned([row for row in pool if row.meets(filters)], ranked.pinned)
    rows = [FrozenRow(row.product_key, row.score, row.matching, row.price, row.created) for row in shown]
    if whole is None:
        return Frozen(rows, ranked.complete, _of_chosen(counts, filters), counted=False), ranked
    return Frozen(rows, ranked.complete, whole), ranked


def without_stated_price(asked: Asked, filters: Filters) -> Asked:
    """Return the query without the price that it states where one is chosen, which takes its place."""
    return replace(asked, understood=replace(asked.understood, price=None)) if filters.has_price else asked


def _of_chosen(counts: Counts, filters: Filters) -> Counts:
    """The counts over the results without those that another choice in the same facet would change."""
    facets = {
        name: [one for one in values if not (chosen := filters.facets.get(name)) or one.value in chosen]
        for name, values in counts.facets.items()
    }
    return replace(counts, facets=facets, price_ranges=[] if filters.has_price else counts.price_ranges)


def _finds_enough(asked: Asked) -> bool:
    every, enough = holding_everything(asked, Filters()), get_settings().enough
    return every is not None and every.count_up_to(enough) == enough


def _with_choices_counted(
    asked: Asked,
    filters: Filters,
    counts: Counts,
    trees: Mapping[str, Parents],
    closest: tuple[Ranked, Ranked] | None,
) -> Counts:
    """The counts with those of what is chosen of, which ignore that choice.

    Args:
        asked: the query.
        filters: what is chosen.
        counts: over the results.
        trees: of facets whose values lie below each other.
        closest: the results without and with the filters, where the closest are among them.
    """

    def every(others: Filters) -> EntryQuerySet:
        if closest is not None:
            unfiltered, chosen = closest
            looser = rank(asked, others) if others else unfiltered
            # Not everything close was looked at, but what is shown is never more than what is counted.
            return IndexEntry.objects.among([*{*looser.entry_ids, *chosen.entry_ids}])
        found = holding_everything(asked, others)
        if found is None:
            raise ValueError("Without a term, there cannot be enough products that have all terms.")
        return found

    return Counts(
        counts.facets | count_facets(filters.selected, filters, every, trees),
        count_price_ranges(every(filters.without_price)) if filters.has_price else counts.price_ranges,
        count_stocked(every(filters.without_stock)) if filters.in_stock else counts.in_stock,
    )
