"""The whole list of a search, which pages are cut from, with the counts of the filter panel."""

from collections.abc import Mapping
from dataclasses import replace

from ..merchandising import Fired
from ..registry import get_index
from ..retrieval.counts import Counts
from ..retrieval.facets import FLAT, Parents
from ..retrieval.filters import Filters
from ..stages import stage
from ..understanding.lexicon import CATEGORY
from .freezing import Frozen, FrozenRow
from .pool import (
    PoolRow,
    count_in_pool,
    count_in_stock,
    count_values,
    load_pool,
    place_pinned,
    ranges_of,
)
from .ranking import Asked, rank


def whole_list(asked: Asked, filters: Filters) -> tuple[Frozen, tuple[Fired, ...]]:
    """Return the whole list of a search by relevance, and the rules that took effect in it.

    Filters and counts apply to what the query finds. Where that is more than is looked at, the search is done again under
    all filters, so that they lose nothing.
    """
    names = get_index().facets
    trees = {CATEGORY: asked.words.lexicon.parents}
    if filters.has_price:  # what is chosen takes the place of what the query says
        asked = replace(asked, understood=replace(asked.understood, price=None))
    with stage("rank"):
        ranked = rank(asked, Filters())
        again = bool(filters) and not ranked.complete
        if again:
            ranked = rank(asked, filters)
        pool = load_pool(ranked)
    with stage("facets"):
        counts = count_in_pool(pool, names, filters, trees)
        if again:
            counts = _counted_again(asked, filters, counts, trees)
    shown = place_pinned([row for row in pool if row.meets(filters)], ranked.pinned)
    rows = [FrozenRow(row.product_key, row.score, row.matching, row.price, row.created) for row in shown]
    return Frozen(rows, ranked.complete, counts), ranked.fired


def _counted_again(asked: Asked, filters: Filters, counts: Counts, trees: Mapping[str, Parents]) -> Counts:
    """Counts of what is chosen of, over searches of their own, each without that choice."""

    def pool_without(others: Filters) -> list[PoolRow]:
        return load_pool(rank(asked, others))

    facets = counts.facets | {
        name: count_values(pool_without(filters.without(name)), name, filters, trees.get(name, FLAT))
        for name in filters.selected
    }
    return Counts(
        facets,
        ranges_of(pool_without(filters.without_price)) if filters.has_price else counts.price_ranges,
        count_in_stock(pool_without(filters.without_stock)) if filters.in_stock else counts.in_stock,
    )
