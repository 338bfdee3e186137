"""The list of results that pages are cut from: filtered, counted and sorted without asking again, frozen, and joined to products."""

import json
import logging
import uuid
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain

from django.core import signing
from django.core.cache import cache

from ..conf import get_settings, shop_key
from ..facets import CATEGORY, prefix_of
from ..merchandising.apply import free_places
from ..models import IndexEntry
from ..models.entries import EntryQuerySet, Measured
from ..registry import get_index, leave_out, load_each, make_card
from ..resilience import CircuitBreaker
from ..session import part_in_time, stage
from . import answers
from .answers import SearchResult
from .candidates import ScoredEntry
from .counts import (
    FLAT,
    Counts,
    FacetCount,
    Parents,
    count_facets,
    count_price_ranges,
    count_stocked,
    price_ranges_of,
    sort_counts,
)
from .ranking import Ranked, RankingQuery, holding_everything, rank
from .request import NO_FILTERS, Filters

logger = logging.getLogger(__name__)

SALT = "fashion_search.frozen"
breaker = CircuitBreaker(seconds=30.0)  # a cache that failed is left alone for this long


@dataclass(frozen=True, slots=True)
class ResultList:
    """Everything that the pages and sorts of one search need."""

    items: Sequence[ScoredEntry]  # by relevance
    complete: bool
    counts: Counts
    counted: bool = (
        True  # False where the time was up before all counts were there; such a list is not frozen
    )

    def sorted_by(self, sort: str) -> list[ScoredEntry]:
        """Return the items in an order: by relevance as they stand, by price with those that have none last, or newest first.

        What comes close to the query only stays behind what has all of it.
        """
        if sort == "relevance":
            return list(self.items)
        by_key = sorted(self.items, key=lambda item: item.row.product_key)
        if sort == "newest":
            by_key.sort(key=lambda item: item.row.created, reverse=True)
        else:
            by_key.sort(key=lambda item: item.row.price or Decimal(0), reverse=sort == "-price")
            by_key.sort(key=lambda item: item.row.price is None)
        return sorted(by_key, key=lambda item: not item.matching)


def list_results(query: RankingQuery, filters: Filters) -> tuple[ResultList, Ranked]:
    """Return the whole list of a search by relevance, and the ranking that it was cut from.

    Where enough products have all that the query asks for, the list is those of them that meet the filters. Where they are
    few, the closest to it are found, too, and the filters choose among both. What is chosen is counted without that choice;
    where the time is up before that, the list is whole all the same, and of a facet only what is chosen is counted.
    """
    names = get_index().facets
    trees = {CATEGORY: query.words.lexicon.parents}
    query = query.without_stated_price(filters)
    with stage("rank"):
        enough = bool(filters) and _finds_enough(query)
        ranked = rank(query, filters, closest=False) if enough else rank(query, NO_FILTERS)
        unfiltered = ranked
        again = bool(filters) and not enough and not ranked.complete
        if again:
            ranked = rank(query, filters)
    with stage("facets"):
        # Where the filters were applied inside the ranking, every result meets them.
        applied = enough or again
        counts = count_results(ranked.items, names, NO_FILTERS if applied else filters, trees)
        whole: Counts | None = counts
        if applied:
            closest = None if enough else (unfiltered, ranked)
            whole = part_in_time(
                lambda: _with_choices_counted(query, filters, counts, trees, closest), "counts"
            )
    items = place_pinned(_meeting(ranked.items, filters), ranked.pinned)
    if whole is None:
        return ResultList(items, ranked.complete, _of_chosen(counts, filters), counted=False), ranked
    return ResultList(items, ranked.complete, whole), ranked


def place_pinned(items: Sequence[ScoredEntry], pinned: Mapping[str, int]) -> Sequence[ScoredEntry]:
    """Return items with the pinned products among them at the places that they are to have."""
    there = {item.row.product_key: item for item in items if item.row.product_key in pinned} if pinned else {}
    if not there:
        return items
    placed = [item for item in items if item.row.product_key not in there]
    for key, place in free_places({key: place for key, place in pinned.items() if key in there}).items():
        placed.insert(place, there[key])
    return placed


def count_matching(items: Sequence[ScoredEntry]) -> int:
    """How many items, from the first on, have all that was asked for."""
    return next((place for place, item in enumerate(items) if not item.matching), len(items))


# What a filter panel shows, counted in the list.


def count_results(
    items: Sequence[ScoredEntry], names: Sequence[str], filters: Filters, trees: Mapping[str, Parents]
) -> Counts:
    """Count, over the items that meet the filters, what a filter panel shows.

    Args:
        items: the results, those that do not meet the filters among them.
        names: the facets to count.
        filters: what is chosen.
        trees: of facets whose values lie below each other.
    """
    meeting = _meeting(items, filters)
    shared = _count_tokens(meeting)
    facets = {}
    for name in names:
        chosen = bool(filters.facets.get(name))
        tokens = _count_tokens(_meeting(items, filters.without(name))) if chosen else shared
        facets[name] = _values_of(name, tokens, filters, trees.get(name, FLAT))
    priced = _meeting(items, filters.without_price) if filters.has_price else meeting
    stocked = _meeting(items, filters.without_stock) if filters.in_stock else meeting
    prices = [item.row.price for item in priced if item.row.price is not None]
    return Counts(facets, price_ranges_of(prices), sum(item.row.in_stock for item in stocked))


def _meeting(items: Sequence[ScoredEntry], filters: Filters) -> Sequence[ScoredEntry]:
    return [item for item in items if item.meets(filters)] if filters else items


def _count_tokens(items: Iterable[ScoredEntry]) -> Counter[str]:
    return Counter(chain.from_iterable(item.row.facets for item in items))


def _values_of(name: str, tokens: Counter[str], filters: Filters, parents: Parents) -> list[FacetCount]:
    prefix = prefix_of(name)
    counts = {
        token.removeprefix(prefix): count for token, count in tokens.items() if token.startswith(prefix)
    }
    return sort_counts(dict.fromkeys(filters.facets.get(name, ()), 0) | counts, parents)


def _of_chosen(counts: Counts, filters: Filters) -> Counts:
    """The counts over the results without those that another choice in the same facet would change."""
    facets = {
        name: [one for one in values if not (chosen := filters.facets.get(name)) or one.value in chosen]
        for name, values in counts.facets.items()
    }
    return replace(counts, facets=facets, price_ranges=[] if filters.has_price else counts.price_ranges)


def _finds_enough(query: RankingQuery) -> bool:
    every, enough = holding_everything(query, NO_FILTERS), get_settings().enough
    return every is not None and every.count_up_to(enough) == enough


def _with_choices_counted(
    query: RankingQuery,
    filters: Filters,
    counts: Counts,
    trees: Mapping[str, Parents],
    closest: tuple[Ranked, Ranked] | None,
) -> Counts:
    """The counts with those of what is chosen of, which ignore that choice.

    Args:
        query: the query.
        filters: what is chosen.
        counts: over the results.
        trees: of facets whose values lie below each other.
        closest: the results without and with the filters, where the closest are among them.
    """

    def every(others: Filters) -> EntryQuerySet:
        if closest is not None:
            unfiltered, chosen = closest
            looser = rank(query, others) if others else unfiltered
            # Not everything close was looked at, but what is shown is never more than what is counted.
            return IndexEntry.objects.among([*{*looser.entry_ids, *chosen.entry_ids}])
        found = holding_everything(query, others)
        if found is None:
            raise ValueError("Without a term, there cannot be enough products that have all terms.")
        return found

    return Counts(
        counts.facets | count_facets(filters.selected, filters, every, trees),
        count_price_ranges(every(filters.without_price)) if filters.has_price else counts.price_ranges,
        count_stocked(every(filters.without_stock)) if filters.in_stock else counts.in_stock,
    )


# Frozen lists: later pages and other sorts of a search show the list that its first page was cut from. It waits in Django's cache
# under a random name, which a signed token carries. So products that are changed, added or deleted meanwhile neither double nor hide
# others. Where the cache is away, pages are computed afresh.


def freeze(results: ResultList, fingerprint: str) -> str:
    """Keep a list for the setting FREEZE_SECONDS and return its token, or "" where it cannot be kept.

    Args:
        results: what to keep; of its entries, what sorts read.
        fingerprint: of the search; the token is good for it only.
    """
    name = uuid.uuid4().hex
    content = [
        [
            (
                item.row.product_key,
                item.score,
                item.matching,
                None if item.row.price is None else str(item.row.price),
                item.row.created,
            )
            for item in results.items
        ],
        results.complete,
        results.counts.packed(),
    ]
    packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 1)
    if not _try(lambda: cache.set(_key(name), packed, get_settings().freeze_seconds)):
        return ""
    return signing.dumps([name, fingerprint], salt=SALT)


def thaw(token: str, fingerprint: str) -> ResultList | None:
    """Return the list of a token, or None where it is forged, too old, of another search, or lost."""
    try:
        name, kept_for = signing.loads(token, salt=SALT, max_age=get_settings().freeze_seconds)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    kept: list[bytes | None] = []
    if kept_for != fingerprint or not _try(lambda: kept.append(cache.get(_key(name)))) or kept[0] is None:
        return None
    items, complete, counts = json.loads(zlib.decompress(kept[0]))
    return ResultList(
        [
            ScoredEntry(
                Measured.kept(key, None if price is None else Decimal(price), created),
                score,
                matching,
            )
            for key, score, matching, price, created in items
        ],
        complete,
        Counts.unpacked(counts),
    )


def _key(name: str) -> str:
    return shop_key(f"frozen:{name}")


def _try(act: Callable[[], object]) -> bool:
    """Whether the cache did what it was asked; while it is away, it is not asked."""
    if breaker.is_open():
        return False
    try:
        act()
    except Exception:
        breaker.open()
        logger.exception("Rankings cannot be frozen: the cache is away. Later pages are computed again.")
        return False
    return True


# The host's products of a page.


@dataclass(frozen=True, slots=True)
class Shown:
    """The products of a page that can be shown, in their order."""

    results: list[SearchResult] = field(default_factory=list)
    left_out: tuple[str, ...] = ()  # `answers.CARDS` where the host's code failed for others


def load_results(scores: Mapping[str, float]) -> Shown:
    """Return the results that stand for products, with one query.

    A product that the host has withdrawn since it was indexed is left out; its entry goes with the next sweep. So is one
    whose card() or reading fails, which is logged, counted and named in the answer.

    Args:
        scores: product key -> score, in the order of the results.
    """
    if not scores:
        return Shown()
    loaded = load_each(scores)
    for key, reason in loaded.failures.items():
        leave_out(key, "queryset", reason)
    cards = {key: make_card(loaded.products[key]) for key in scores if key in loaded.products}
    results = [
        SearchResult(product=loaded.products[key], card=card, score=scores[key])
        for key, card in cards.items()
        if card is not None
    ]
    failed = loaded.failures or len(results) < len(cards)
    return Shown(results, (answers.CARDS,) if failed else ())
