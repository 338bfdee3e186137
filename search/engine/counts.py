"""What a filter panel shows: how many results each choice would leave."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import accumulate
from math import ceil
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Aggregate, Count, DecimalField, Expression, F

from ..facets import parse_token, prefix_of
from ..models.entries import EntryQuerySet
from ..models.expressions import priced
from ..models.kept_counts import EVERY_ENTRY, in_cells
from ..models.measured import MeasuredEntries
from .request import Filters
from .scored import ScoredEntries

Parents = Mapping[str, str]  # value -> the value above it, "" for a root
FLAT: Parents = {}
SHARES = (0.2, 0.4, 0.6, 0.8)  # of the results below each bound, before it is rounded
CENT = Decimal("0.01")
_STEPS = tuple(map(Decimal, ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10")))


@dataclass(frozen=True, slots=True)
class FacetCount:
    """A value of a facet and how many results have it."""

    value: str
    count: int
    parent: str = ""  # the value above it, where the facet is a tree


# Gives token -> number of the results under some filters, where that is kept.
Kept = Callable[[Filters], Mapping[str, int] | None]


def nothing_kept(_filters: Filters) -> None:
    """Have everything counted."""


def count_facets(
    names: Sequence[str],
    filters: Filters,
    entries: Callable[[Filters], EntryQuerySet],
    trees: Mapping[str, Parents],
    kept: Kept = nothing_kept,
) -> dict[str, list[FacetCount]]:
    """Count the values of every facet, commonest first; a facet's counts ignore its own selection.

    Args:
        names: the facets to count.
        filters: what is chosen; chosen values are listed even where they count 0.
        entries: gives the results under other filters than the chosen ones.
        trees: of facets whose values lie below each other.
        kept: what need not be counted.
    """
    answer: dict[str, list[FacetCount]] = {}
    unchosen = [name for name in names if not filters.facets.get(name)]
    shared = _by_facet(_tokens(filters, entries, kept), unchosen) if unchosen else {}
    for name in names:
        chosen = filters.facets.get(name, ())
        counts = shared.get(name, {})
        if chosen:
            others = filters.without(name)
            tokens = kept(others)
            counts = (
                _value_counts(entries(others), name) if tokens is None else _by_facet(tokens, [name])[name]
            )
        answer[name] = sort_counts(dict.fromkeys(chosen, 0) | counts, trees.get(name, FLAT))
    return answer


def sort_counts(counts: Mapping[str, int], parents: Parents = FLAT) -> list[FacetCount]:
    """Return counts of values, commonest first, ties by value; values of a tree each behind the one above it.

    Every value comes once, whatever the tree is like; but for blank ones, which nobody can choose.

    Args:
        counts: value -> number of results.
        parents: the value above each, if the facet is a tree. A value whose parent is not counted stands as a root; of
            values that lie above themselves, the commonest.
    """
    ranked = sorted((value for value in counts if value.strip()), key=lambda value: (-counts[value], value))
    shown = set(ranked)
    above = {value: parent for value in ranked if (parent := parents.get(value, "")) in shown}
    below: dict[str, list[str]] = {}
    for value in ranked:
        if value in above:
            below.setdefault(above[value], []).append(value)
    ordered: dict[str, FacetCount] = {}
    for value in [*(value for value in ranked if value not in above), *ranked]:
        if value in ordered:
            continue
        root = _root_of(value, above, ranked)
        above.pop(root, None)
        waiting = [root]
        while waiting:
            found = waiting.pop()
            if found not in ordered:
                ordered[found] = FacetCount(found, counts[found], above.get(found, ""))
                waiting.extend(below.get(found, [])[::-1])
    return list(ordered.values())


def _root_of(value: str, above: Mapping[str, str], ranked: Sequence[str]) -> str:
    """The topmost value above this one; the commonest of those that lie above themselves, where the way up leads to such."""
    way: dict[str, None] = {}
    while value in above and value not in way:
        way[value] = None
        value = above[value]
    if value not in way:
        return value
    ring = list(way)[list(way).index(value) :]
    return min(ring, key=ranked.index)


def _tokens(filters: Filters, entries: Callable[[Filters], EntryQuerySet], kept: Kept) -> Mapping[str, int]:
    found = kept(filters)
    return dict(entries(filters).facet_counts()) if found is None else found


def _by_facet(tokens: Mapping[str, int], names: Sequence[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    for token, count in tokens.items():
        facet, value = parse_token(token)
        if facet in found:
            found[facet][value] = count
    return found


def _value_counts(entries: EntryQuerySet, facet: str) -> dict[str, int]:
    """How many of the entries have each value of one facet; quicker than all facets at once."""
    try:
        sql, params = entries.order_by().values("facets").query.sql_with_params()
    except EmptyResultSet:  # the conditions contradict each other
        return {}
    prefix = prefix_of(facet)
    # Unnested in the list of columns, which takes a quarter less time than a join with the function's rows.
    statement = (  # the part inside is Django's own SQL, with placeholders for every value
        "SELECT token, count(*) FROM (SELECT unnest(entry.facets) AS token FROM (" + sql + ") AS entry)"  # noqa: S608
        " AS entry WHERE starts_with(token, %s) GROUP BY token"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, prefix])
        return {token.removeprefix(prefix): count for token, count in cursor.fetchall()}


def count_stocked(entries: EntryQuerySet) -> int:
    """Return how many of the entries are in stock."""
    return entries.order_by().filter(in_stock=True).count()


# Price ranges to choose from: round bounds that part the results about evenly.


@dataclass(frozen=True, slots=True)
class PriceRange:
    """A range of prices and how many results lie in it."""

    lowest: Decimal | None  # None: from the cheapest
    highest: Decimal | None  # included, as in filters; None: to the dearest
    count: int


def price_ranges_of(prices: Iterable[str | None]) -> list[PriceRange]:
    """Return the ranges of some prices, cheapest first; none where they lie too close together to be parted.

    Args:
        prices: as Postgres writes them; None for what has none.
    """
    counted: Counter[Decimal] = Counter()
    for price, number in Counter(prices).items():
        if price is not None:
            counted[Decimal(price)] += number
    return _ranges_of(counted)


def ranges_of_cells(cells: Mapping[str, int]) -> list[PriceRange]:
    """Return the same from the cells of `KeptCount`, given lowest price -> number: all prices of a cell are parted alike."""
    return _ranges_of({Decimal(lowest): number for lowest, number in cells.items()})


def _ranges_of(counted: Mapping[Decimal, int]) -> list[PriceRange]:
    ordered = sorted(counted)
    if not ordered:
        return []
    up_to = list(accumulate(counted[price] for price in ordered))
    places = [max(ceil(share * up_to[-1]), 1) for share in SHARES]
    bounds = round_bounds([ordered[bisect_left(up_to, place)] for place in places])
    return _worth_choosing(
        PriceRange(lowest, highest, _between(ordered, up_to, lowest, highest))
        for lowest, highest in ends_of(bounds)
    )


def _between(
    ordered: Sequence[Decimal], up_to: Sequence[int], lowest: Decimal | None, highest: Decimal | None
) -> int:
    """How many of the counted prices lie in a range; `up_to` says how many lie up to each of them."""
    first = 0 if lowest is None else bisect_left(ordered, lowest)
    last = len(ordered) if highest is None else bisect_right(ordered, highest)
    return (up_to[last - 1] - (up_to[first - 1] if first else 0)) if last > first else 0


def count_price_ranges(entries: EntryQuerySet) -> list[PriceRange]:
    """Return the ranges of the entries' prices; as `price_ranges_of` does, in two queries."""
    ends = ends_of(round_bounds(_price_quantiles(entries, SHARES)))
    if not ends:
        return []
    ranges = {f"range_{number}": Count("price", filter=priced(*pair)) for number, pair in enumerate(ends)}
    counts = entries.order_by().aggregate(**ranges).values()
    return _worth_choosing(PriceRange(*pair, count) for pair, count in zip(ends, counts, strict=True))


class _Quantiles(Aggregate):
    """The values at some shares of the rows in their order."""

    template = "percentile_disc(%(shares)s::float[]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(DecimalField())

    def __init__(self, expression: Expression | F, shares: Sequence[float]) -> None:
        super().__init__(expression, shares="ARRAY[" + ", ".join(str(float(share)) for share in shares) + "]")


def _price_quantiles(entries: EntryQuerySet, shares: Sequence[float]) -> list[Decimal]:
    """The prices below which such shares of the priced entries lie; empty where none has a price."""
    priced_ones = entries.order_by().filter(price__isnull=False)
    return priced_ones.aggregate(found=_Quantiles(F("price"), list(shares)))["found"] or []


def round_bounds(prices: Sequence[Decimal]) -> list[Decimal]:
    """Return the round numbers next to some prices, each once, ascending: 1, 1.5, 2, 2.5, 3... times a power of ten."""
    return sorted({_round(price) for price in prices if price > 0})


def ends_of(bounds: Sequence[Decimal]) -> list[tuple[Decimal | None, Decimal | None]]:
    """Return lowest and highest price of the ranges that bounds part; both ends belong to a range."""
    if not bounds:
        return []
    lows = [None, *bounds]
    highs = [*(bound - CENT for bound in bounds), None]
    return list(zip(lows, highs, strict=True))


def _worth_choosing(ranges: Iterable[PriceRange]) -> list[PriceRange]:
    filled = [one for one in ranges if one.count]
    return filled if len(filled) > 1 else []


def _round(price: Decimal) -> Decimal:
    unit = Decimal(10) ** price.adjusted()
    return min((step * unit for step in _STEPS), key=lambda bound: abs(bound - price))


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of every facet, price ranges and stock; those of each ignore what is chosen of itself."""

    facets: dict[str, list[FacetCount]] = field(default_factory=dict)
    price_ranges: list[PriceRange] = field(default_factory=list)
    in_stock: int = 0

    def shown(self, names: Collection[str]) -> dict[str, Any]:
        """Return the fields of an answer that hold these counts; empty ones where no facet is to be counted."""
        counts = self if names else Counts()
        return {"facets": counts.facets, "price_ranges": counts.price_ranges, "in_stock": counts.in_stock}

    def packed(self) -> list[Any]:
        """Return the same as JSON can hold."""
        return [
            {name: [(one.value, one.count, one.parent) for one in of] for name, of in self.facets.items()},
            [(_text(one.lowest), _text(one.highest), one.count) for one in self.price_ranges],
            self.in_stock,
        ]

    @classmethod
    def unpacked(cls, packed: Sequence[Any]) -> "Counts":
        """Return what `packed` made of it."""
        facets, ranges, in_stock = packed
        return cls(
            {name: [FacetCount(*one) for one in of] for name, of in facets.items()},
            [PriceRange(_price(lowest), _price(highest), count) for lowest, highest, count in ranges],
            in_stock,
        )


def count_choices(
    names: Sequence[str],
    filters: Filters,
    entries: Callable[[Filters], EntryQuerySet],
    trees: Mapping[str, Parents],
    kept: Kept = nothing_kept,
) -> Counts:
    """Count what a filter panel shows, in Postgres.

    Args:
        names: the facets to count; with none, nothing is counted.
        filters: what is chosen.
        entries: gives the results under other filters than the chosen ones.
        trees: of facets whose values lie below each other.
        kept: what need not be counted.
    """
    if not names:
        return Counts()
    at_any_price, stocked = filters.without_price, replace(filters, in_stock=True)
    prices, stock = kept(at_any_price), kept(stocked)
    return Counts(
        count_facets(names, filters, entries, trees, kept),
        count_price_ranges(entries(at_any_price)) if prices is None else ranges_of_cells(in_cells(prices)),
        count_stocked(entries(stocked)) if stock is None else stock.get(EVERY_ENTRY, 0),
    )


def _text(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


def _price(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


# Counts in a list that is in memory.


def counted_of(items: ScoredEntries) -> ScoredEntries:
    """Return the items that counts are over: those that match, or have all the rest of a relaxed query; all where none does.

    Of a photo's these are those that have all the words, whether or not they are what it shows.
    """
    which = items.matching | items.full
    return items.only(which) if which.any() else items


def count_results(
    items: ScoredEntries,
    names: Sequence[str],
    filters: Filters,
    trees: Mapping[str, Parents],
    shown: ScoredEntries | None = None,
) -> Counts:
    """Count, over the items that match and meet the filters, what a filter panel shows; over all where none matches.

    Args:
        items: the results, those that do not meet the filters among them.
        names: the facets to count.
        filters: what is chosen.
        trees: of facets whose values lie below each other.
        shown: those that meet the filters, where they were marked anew.
    """

    def counted(others: Filters) -> MeasuredEntries:
        return counted_of(meeting(items, others)).rows

    found = counted(filters) if shown is None else counted_of(shown).rows
    shared = found.count_tokens()
    facets = {}
    for name in names:
        chosen = bool(filters.facets.get(name))
        tokens = counted(filters.without(name)).count_tokens() if chosen else shared
        facets[name] = _values_of(name, tokens, filters, trees.get(name, FLAT))
    in_any_price = counted(filters.without_price) if filters.has_price else found
    stocked = counted(filters.without_stock) if filters.in_stock else found
    return Counts(facets, price_ranges_of(in_any_price.prices), int(stocked.in_stock.sum()))


def meeting(items: ScoredEntries, filters: Filters) -> ScoredEntries:
    """Return the items that meet the filters."""
    return items.only(items.meet(filters)) if filters else items


def _values_of(name: str, tokens: Counter[str], filters: Filters, parents: Parents) -> list[FacetCount]:
    prefix = prefix_of(name)
    counts = {
        token.removeprefix(prefix): count for token, count in tokens.items() if token.startswith(prefix)
    }
    return sort_counts(dict.fromkeys(filters.facets.get(name, ()), 0) | counts, parents)


def counts_of_chosen(counts: Counts, filters: Filters) -> Counts:
    """Return the counts over the results without those that another choice in the same facet would change."""
    facets = {
        name: [one for one in values if not (chosen := filters.facets.get(name)) or one.value in chosen]
        for name, values in counts.facets.items()
    }
    return replace(counts, facets=facets, price_ranges=[] if filters.has_price else counts.price_ranges)
