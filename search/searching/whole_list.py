"""The whole list of a search, which pages are cut from, with the counts of the filter panel."""

from collections.abc import Mapping
from dataclasses import replace

from ..conf import get_settings
from ..models import IndexEntry
from ..query.lexicon import CATEGORY
from ..querysets import EntryQuerySet
from ..registry import get_index
from ..retrieval.budget import part_in_time
from ..retrieval.counts import Counts
from ..retrieval.facets import Parents, count_facets
from ..retrieval.filters import Filters
from ..retrieval.price_ranges import count_price_ranges
from ..timings import stage
from .freezing import Frozen, FrozenRow
from .pool import count_in_pool, load_pool, place_pinned
from .ranking import Asked, Ranked, holding_everything, rank


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
            return EntryQuerySet(IndexEntry).among([*{*looser.entry_ids, *chosen.entry_ids}])
        found = holding_everything(asked, others)
        if found is None:
            raise ValueError("Without a term, there cannot be enough products that have all terms.")
        return found

    return Counts(
        counts.facets | count_facets(filters.selected, filters, every, trees),
        count_price_ranges(every(filters.without_price)) if filters.has_price else counts.price_ranges,
        every(filters.without_stock).count_in_stock() if filters.in_stock else counts.in_stock,
    )
