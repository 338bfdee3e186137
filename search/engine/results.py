"""The list of results that pages are cut from: filtered and sorted without asking again, frozen, and joined to products."""

import json
import logging
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field, replace

import numpy as np
from django.core import signing
from django.core.cache import cache

from ..conf import STORED, get_settings, shop_key
from ..facets import CATEGORY
from ..merchandising.apply import free_places
from ..models import IndexEntry, StoredCard
from ..models.entries import EntryQuerySet
from ..models.finding import are_so_many, selected
from ..models.measured import Flags, Floats, MeasuredEntries
from ..query.parse import parts_of
from ..registry import Loaded, get_index, leave_out, load_each, make_card
from ..resilience import CircuitBreaker
from ..session import on_primary, part_in_time, stage
from . import answers
from .answers import Blocking, PageProducts, RelaxedPart, SearchResult
from .counts import (
    Counts,
    Parents,
    count_facets,
    count_price_ranges,
    count_results,
    count_stocked,
    counted_of,
    counts_of_chosen,
    meeting,
)
from .ranking import Ranked, RankingQuery, entries_without_filters, holding_everything, rank
from .relaxation import NONE, Parts, blocking_filters, offered, parts_dropped, relax, text_kept
from .request import NO_FILTERS, Filters
from .scored import ScoredEntries

logger = logging.getLogger(__name__)

SALT = "fashion_search.frozen"
NUMBERS = "<f8"  # as frozen lists hold them, whatever processor reads them
breaker = CircuitBreaker(seconds=30.0)  # a cache that failed is left alone for this long


@dataclass(frozen=True, slots=True)
class ResultList:
    """Everything that the pages and sorts of one search need."""

    items: ScoredEntries  # by relevance
    complete: bool
    counts: Counts
    counted: bool = (
        True  # False where the time was up before all counts were there; such a list is not frozen
    )
    relaxed: tuple[RelaxedPart, ...] = ()  # what was dropped of the query; what matches then has all the rest
    showing: str = ""  # what is left of it
    blocked_by: tuple[
        Blocking, ...
    ] = ()  # where nothing matches, filters without which something would be found

    def sorted_by(self, sort: str) -> ScoredEntries:
        """Return the items in an order: by relevance as they stand, by price with those that have none last, or newest first.

        What comes close to the query only stays behind what has all of it.
        """
        items = self.items
        if sort == "relevance":
            return items
        by_key = np.array(sorted(range(len(items)), key=items.rows.keys.__getitem__), np.intp)
        items = items.take(by_key)
        if sort == "newest":
            leading: list[Flags | Floats] = [-items.rows.created]
        else:
            leading = list(items.rows.by_price(falling=sort == "-price"))
        return items.take(np.lexsort([*reversed(leading), ~items.matching]))


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
        again = bool(filters) and (not ranked.items if enough else not ranked.complete)
        if again:
            ranked = rank(query, filters)
        applied = enough or again  # inside the ranking: every result meets the filters
        items, dropped = (ranked.items, ranked.dropped) if applied else _chosen(query, filters, ranked)
    with stage("facets"):
        if applied:
            counts = count_results(items, names, NO_FILTERS, trees)
            whole = part_in_time(
                lambda: _with_choices_counted(query, filters, counts, trees, enough, (unfiltered, ranked)),
                "counts",
            )
        else:
            whole = counts = count_results(ranked.items, names, filters, trees, items)
    found = ResultList(place_pinned(items, ranked.pinned), ranked.complete, counts)
    if query.photo is None and (dropped != NONE or query.understood.unknown or not items):
        with stage("relax"):
            found = _relaxed(query, filters, found, dropped)
    if whole is None:
        return replace(found, counts=counts_of_chosen(counts, filters), counted=False), ranked
    return replace(found, counts=whole), ranked


def _chosen(query: RankingQuery, filters: Filters, ranked: Ranked) -> tuple[ScoredEntries, Parts | None]:
    """The results that meet the filters; where nothing among them has all that is asked for, relaxed by themselves."""
    items, dropped = meeting(ranked.items, filters), ranked.dropped
    matches = (items.matching & ~items.are_of(ranked.pinned)).any()
    if not filters or not query.may_be_relaxed or (matches and dropped == NONE):
        return items, dropped
    marked, dropped = relax(query.understood.units, query.terms, items, ranked.pinned)
    return marked.take(np.argsort(~marked.matching, kind="stable")), dropped


def _relaxed(query: RankingQuery, filters: Filters, found: ResultList, dropped: Parts | None) -> ResultList:
    """The list with what was dropped of the query, and with the filters that nothing matches under."""
    text, understood = query.typed.text, query.understood
    if found.items.named.any():
        return found
    relaxed = parts_dropped(text, understood, dropped)
    showing = text_kept(text, understood, dropped) if relaxed and len(found.items) else ""
    found = replace(found, relaxed=relaxed, showing=showing)
    under = query.under(filters)
    if not under or understood.codes or (understood.unknown and not understood.units):
        return found
    if understood.unknown and dropped == NONE and found.items.matching.any():
        return found  # they have all that any product could have
    entries = entries_without_filters(query)
    blocking = part_in_time(
        lambda: blocking_filters(
            entries, under, config=query.version.config, units=understood.units, terms=query.terms
        ),
        "counts",
    )
    if blocking and understood.price:
        price = next(part for part in parts_of(text, understood) if part.facet == "price")
        blocking = offered(blocking, price.text, price.without)
    if blocking and understood.unknown:  # then nothing matches without a filter either
        blocking = tuple(replace(one, matching=0, similar=one.matching + one.similar) for one in blocking)
    return replace(found, blocked_by=blocking or ())


def place_pinned(items: ScoredEntries, pinned: Mapping[str, int]) -> ScoredEntries:
    """Return items with the pinned products among them at the places that they are to have."""
    are_pinned = items.are_of(pinned)
    if not are_pinned.any():
        return items
    keys = items.keys
    there = {keys[place]: place for place in np.flatnonzero(are_pinned).tolist()}
    placed = np.flatnonzero(~are_pinned).tolist()
    for key, place in free_places({key: place for key, place in pinned.items() if key in there}).items():
        placed.insert(place, there[key])
    return items.take(np.array(placed, np.intp))


def count_matching(items: ScoredEntries) -> int:
    """How many items, from the first on, have all that was asked for."""
    lacking = np.flatnonzero(~items.matching)
    return int(lacking[0]) if len(lacking) else len(items)


def _finds_enough(query: RankingQuery) -> bool:
    every, enough = holding_everything(query, NO_FILTERS), get_settings().enough
    return every is not None and are_so_many(selected(every.values("pk")), enough)


def _with_choices_counted(
    query: RankingQuery,
    filters: Filters,
    counts: Counts,
    trees: Mapping[str, Parents],
    enough: bool,
    ranked: tuple[Ranked, Ranked],
) -> Counts:
    """The counts with those of what is chosen of, which ignore that choice.

    Args:
        query: the query.
        filters: what is chosen.
        counts: over the results.
        trees: of facets whose values lie below each other.
        enough: whether so many products have all that is asked for, without the filters, that only they count.
        ranked: the results without and with the filters.
    """
    unfiltered, chosen = ranked
    relaxed = chosen.dropped != NONE

    def every(others: Filters) -> EntryQuerySet:
        if enough:
            found = holding_everything(query, others)
            if found is None:
                raise ValueError("Without a term, there cannot be enough products that have all terms.")
            if not relaxed or found.exists():
                return found
        looser = rank(query, others) if others else unfiltered
        counted = {*counted_of(looser.items).rows.ids.tolist()}
        if relaxed == (looser.dropped != NONE):
            # Not everything close was looked at, but what is shown is never more than what is counted.
            counted.update(counted_of(chosen.items).rows.ids.tolist())
        return IndexEntry.objects.among([*counted])

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
    name, items = uuid.uuid4().hex, results.items
    content = [
        items.keys,
        items.rows.prices.tolist(),
        results.complete,
        results.counts.packed(),
        [astuple(part) for part in results.relaxed],
        results.showing,
        [astuple(one) for one in results.blocked_by],
    ]
    text = json.dumps(content, separators=(",", ":")).encode()
    numbers = np.stack((items.score, items.rows.created, items.matching)).astype(NUMBERS)
    # Numbers are hardly smaller when they are compressed.
    packed = b"%d %b%b" % (numbers.nbytes, numbers.tobytes(), zlib.compress(text, 1))
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
    length, _, packed = kept[0].partition(b" ")
    numbers, text = packed[: int(length)], zlib.decompress(packed[int(length) :])
    keys, prices, complete, counts, relaxed, showing, blocked_by = json.loads(text)
    score, created, matching = np.frombuffer(numbers, NUMBERS).astype(float).reshape(3, len(keys))
    return ResultList(
        ScoredEntries.listed(MeasuredEntries.listed(keys, prices, created), score, matching > 0),
        complete,
        Counts.unpacked(counts),
        relaxed=tuple(RelaxedPart(text, facet, tuple(values)) for text, facet, values in relaxed),
        showing=showing,
        blocked_by=tuple(Blocking(name, tuple(values), *rest) for name, values, *rest in blocked_by),
    )


def _key(name: str) -> str:
    return shop_key(f"frozen-3:{name}")  # earlier releases kept lists otherwise


def _try(act: Callable[[], object]) -> bool:
    """Whether the cache did what it was asked; while it is away, it is not asked."""
    if breaker.is_open():
        return False
    try:
        with on_primary():  # a cache may be in the database
            act()
    except Exception:
        breaker.open()
        logger.exception("Rankings cannot be frozen: the cache is away. Later pages are computed again.")
        return False
    return True


# The products of a page.


@dataclass(frozen=True, slots=True)
class Shown:
    """The products of a page that can be shown, in their order."""

    results: list[SearchResult] = field(default_factory=list)
    left_out: tuple[str, ...] = ()  # `answers.CARDS` where the host's code failed for others


def load_results(scores: Mapping[str, float]) -> Shown:
    """Return the results that stand for products, with one query where their cards are kept.

    Products that have changed since they were indexed, or that have no card yet, are read from the host; with the setting CARDS
    "live" all are. Of these, one that the host has withdrawn is left out; its entry goes with the next sweep. So is one whose
    card() or reading fails, which is logged, counted and named in the answer.

    Args:
        scores: product key -> score, in the order of the results.
    """
    if not scores:
        return Shown()
    stored = StoredCard.objects.of_products([*scores]) if get_settings().cards == STORED else {}
    unread = [key for key in scores if key not in stored]
    loaded = load_each(unread) if unread else Loaded()
    for key, reason in loaded.failures.items():
        leave_out(key, "queryset", reason)
    cards = stored | {key: card for key, product in loaded.products.items() if (card := make_card(product))}
    shown = [key for key in scores if key in cards]
    products = PageProducts(shown, loaded.products)
    results = [SearchResult(key=key, card=cards[key], score=scores[key], products=products) for key in shown]
    failed = loaded.failures or len(cards) < len(stored) + len(loaded.products)
    return Shown(results, (answers.CARDS,) if failed else ())
