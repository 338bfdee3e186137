"""The catalogue without words: a page of it under filters and rules, all of it page by page, and one product of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from django.core import signing
from django.db.models import Case, F, FloatField, Q, QuerySet, Value, When
from django.utils import timezone

from ..conf import get_settings
from ..exceptions import InvalidQuery, NoVersion
from ..facets import CATEGORY, facet_of, group_by_facet
from ..merchandising.apply import free_places
from ..merchandising.rules import Fired, Rule, say
from ..merchandising.snapshots import snapshot
from ..models import IndexEntry, IndexVersion, KeptCount
from ..models.entries import EntryQuerySet
from ..models.expressions import concerns
from ..models.finding import measured, selected
from ..query.lexicon import words_of
from ..registry import ProductCard, get_index
from ..session import part_in_time, reading
from ..text import clean_text
from . import answers
from .answers import Draft, SearchAnswer, SearchResult
from .arrange import only_hidden, without_hidden
from .counts import Counts, count_choices
from .kept import KeptTokens
from .mixing import mix
from .relaxation import blocking_filters
from .request import Filters, SearchRequest
from .results import ResultList, freeze, load_results, thaw
from .scored import NO_ENTRIES, ScoredEntries

FEW = 20_000  # entries that are sorted sooner than all are read in order
LEAD = 600  # of the newest entries those are chosen that a list without words begins with
FRONT = 48  # so many of them, where the host names facets in `ProductIndex.mixed`

# A page of it under filters, newest first, as rules for category pages arrange it.


@dataclass(frozen=True, slots=True)
class Listing:
    """Entries under rules.

    Args:
        rules: those that hold for this page, the oldest first.
    """

    rules: Sequence[Rule] = ()

    def shown(self, entries: EntryQuerySet) -> EntryQuerySet:
        """The entries that are not hidden."""
        return without_hidden(entries, self.rules)

    def hidden(self, entries: EntryQuerySet) -> EntryQuerySet:
        """The entries that are hidden."""
        return only_hidden(entries, self.rules)

    def window(self, shown: EntryQuerySet, window: slice, total: int) -> list[str]:
        """Product keys of one page: pinned ones at their places, others by boosts and buries, then newest first, mixed at the beginning.

        Args:
            shown: the entries that meet the filters, without hidden ones.
            window: first place and the one after the last, from 0.
            total: how many these are.
        """
        lifts = [
            (rule.weight, [rule.product_key] if not rule.token else [], [rule.token] if rule.token else [])
            for rule in self.rules
            if rule.action in ("boost", "bury")
        ]
        wanted: dict[str, int] = {}
        for rule in self.rules:
            if rule.action == "pin":
                wanted.setdefault(rule.product_key, rule.position)
        if not wanted:
            return _in_order(shown, lifts, window, few=total <= FEW)
        there = set(_keys(shown.of_products(list(wanted))))
        pinned = free_places({key: place for key, place in wanted.items() if key in there})
        others = shown.exclude(product_key__in=list(pinned))
        count = total - len(pinned)
        # A place behind the end is the end.
        places = {key: min(place, count + before) for before, (key, place) in enumerate(pinned.items())}
        inside = {key: place for key, place in places.items() if window.start <= place < window.stop}
        start = window.start - sum(place < window.start for place in places.values())
        size = window.stop - window.start - len(inside)
        page = _in_order(others, lifts, slice(start, start + size), few=total <= FEW)
        for key, place in inside.items():
            page.insert(place - window.start, key)
        return page

    def fired(self, entries: EntryQuerySet) -> tuple[Fired, ...]:
        """The rules that concern any of the entries that meet the filters, hidden ones included."""
        now = timezone.now()
        return tuple(
            Fired(rule.id, say(rule, now), rule.product_key)
            for rule in self.rules
            if entries.filter(
                concerns([] if rule.token else [rule.product_key], [rule.token] if rule.token else [])
            ).exists()
        )


def _in_order(
    entries: EntryQuerySet,
    lifts: Sequence[tuple[float, Sequence[str], Sequence[str]]],
    window: slice,
    *,
    few: bool,
) -> list[str]:
    """Product keys of a window: the most lifted first, then the newest.

    Where nothing is lifted, and the host names facets in `ProductIndex.mixed`, FRONT of the newest LEAD come first that can be bought and of
    which neighbours differ in these facets. Only these move, so that every window is one of the same list.
    """
    ordered = _most_lifted(entries, lifts, few=few)
    facets = get_index().mixed
    if lifts or not facets or window.start >= LEAD:
        return list(_keys(ordered)[window])
    newest = list(ordered.values_list("product_key", "facets", "in_stock")[:LEAD])
    there = [key for key, _facets, in_stock in newest if in_stock]
    marks = [
        [token for token in tokens if facet_of(token) in facets]
        for _key, tokens, in_stock in newest
        if in_stock
    ]
    first = [there[place] for place in mix(marks, FRONT)[:FRONT]]
    leading = set(first)
    lead = [*first, *(key for key, _facets, _in_stock in newest if key not in leading)]
    return lead[window] + (list(_keys(ordered)[LEAD : window.stop]) if window.stop > LEAD else [])


def _most_lifted(
    entries: EntryQuerySet, lifts: Sequence[tuple[float, Sequence[str], Sequence[str]]], *, few: bool
) -> EntryQuerySet:
    """Sort the most lifted first, then the newest, ties by product key.

    Args:
        entries: what is sorted.
        lifts: what each adds, the product keys and the facet tokens that it is for.
        few: whether there are few of them.
    """
    if not lifts:
        return entries.newest(few=few)
    added = [
        Case(When(concerns(keys, tokens), then=Value(lift)), default=Value(0.0), output_field=FloatField())
        for lift, keys, tokens in lifts
    ]
    return entries.alias(_lift=reduce(add, added)).order_by("-_lift", "-created", "product_key")


def _keys(entries: EntryQuerySet) -> QuerySet[IndexEntry, str]:
    return entries.values_list("product_key", flat=True)


def catalogue_page(version: IndexVersion, request: SearchRequest) -> Draft:
    """Return a page of the entries that meet the filters; lists of up to RESULTS with their counts are frozen like those of a query.

    The list is read first, so that what takes too long are the counts, which it can do without.
    """
    fingerprint = request.fingerprint(version.pk, "")
    frozen = thaw(request.token, fingerprint) if request.token else None
    if frozen is not None:
        items = frozen.sorted_by(request.sort)[request.window]
        answer = _answer_of(request, len(frozen.items), frozen.counts, token=request.token)
        return Draft(answer, items.scores, thawed=True)
    restarted = bool(request.token) and request.page > 1
    draft = _read(version, replace(request, page=1) if restarted else request, fingerprint)
    # Only a list that was frozen can have been thawed too late.
    return draft._replace(answer=replace(draft.answer, restarted=restarted))


def _read(version: IndexVersion, request: SearchRequest, fingerprint: str) -> Draft:
    rules = request.variation.rules
    if rules is None:
        rules = snapshot().rules_for("", request.filters.facets.get(CATEGORY, ()))
    listing = Listing(rules)
    every = IndexEntry.objects.in_version(version.pk)

    def entries(filters: Filters) -> EntryQuerySet:
        return listing.shown(every.matching(filters))

    kept = KeptTokens(version, lambda filters: listing.hidden(every.matching(filters)))
    chosen = entries(request.filters)
    known = kept.total(request.filters)
    total = chosen.count() if known is None else known
    freezes = bool(request.facets) and request.freezes(total) and total <= get_settings().results
    whole = ResultList(NO_ENTRIES, True, Counts())
    if freezes:
        rows = measured(selected(chosen))
        places = {key: place for place, key in enumerate(rows.keys.tolist())}
        order = listing.window(chosen, slice(0, total), total)
        in_order = rows.take(np.array([places[key] for key in order if key in places], np.intp))
        whole = replace(whole, items=ScoredEntries.listed(in_order))
        total = len(whole.items)
        shown = whole.sorted_by(request.sort)[request.window].keys
    elif request.sort == "relevance":
        shown = listing.window(chosen, request.window, total)
    elif request.sort == "-price" and total > FEW:
        shown = _dearest(chosen, request.window)
    else:
        few = total <= FEW
        newest = request.sort == "newest"
        ordered = chosen.newest(few=few) if newest else chosen.by_price(request.sort, few=few)
        shown = list(_keys(ordered)[request.window])

    def count() -> tuple[Counts, tuple[Fired, ...]]:
        trees = {CATEGORY: words_of(version, snapshot().synonyms).lexicon.parents} if request.facets else {}
        counts = count_choices(request.facets, request.filters, entries, trees, kept)
        return counts, listing.fired(every.matching(request.filters))

    counted = part_in_time(count, "counts")
    counts, fired = counted or (Counts({name: [] for name in request.facets}), ())
    token = freeze(replace(whole, counts=counts), fingerprint) if freezes and counted else ""
    uncounted = counted is None and bool(request.facets)
    offers = not total and bool(request.filters)
    blocking = (
        part_in_time(lambda: blocking_filters(listing.shown(every), request.filters), "counts")
        if offers
        else ()
    )
    answer = _answer_of(
        request,
        total,
        counts,
        token=token,
        fired=fired,
        blocked_by=blocking or (),
        degraded=answers.NO_COUNTS if uncounted else "",
        left_out=(
            *((answers.COUNTS,) if uncounted else ()),
            *((answers.TOKEN,) if freezes and not token else ()),
        ),
    )
    return Draft(answer, dict.fromkeys(shown, 0.0))


def _answer_of(request: SearchRequest, total: int, counts: Counts, **more: Any) -> SearchAnswer:
    """The answer of a page of the catalogue, in which everything has all that was asked for."""
    return SearchAnswer(total=total, matching=total, complete=True, **counts.shown(request.facets), **more)


def _dearest(entries: EntryQuerySet, window: slice) -> list[str]:
    """Product keys of one page, dearest first, then what has no price; in two lists, since the index on prices has the latter first."""
    priced = entries.filter(price__isnull=False)
    page = list(_keys(priced.order_by(F("price").desc(), "product_key"))[window])
    lacking = window.stop - window.start - len(page)
    if lacking:
        start = 0 if page else max(0, window.start - priced.order_by().count())
        unpriced = entries.filter(price__isnull=True).order_by("product_key")
        page += _keys(unpriced)[start : start + lacking]
    return page


# All of it, page by page, newest first.


SALT = "fashion_search.cursor"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductPage:
    """A page of the catalogue."""

    total: int
    results: Sequence[SearchResult]
    cursor: str  # of the next page; "" after the last
    degraded: str = ""  # why products are missing
    left_out: tuple[str, ...] = ()  # as in `SearchAnswer`


@reading
def browse_products(cursor: str = "", *, page_size: int | None = None) -> ProductPage:
    """Return a page of the products in the index, newest first.

    The cursor names the last product of a page, so that products that are added or deleted meanwhile neither repeat nor
    skip others.

    Args:
        cursor: of the page before; "" for the first page.
        page_size: products on a page; the setting PAGE_SIZE by default, MAX_PAGE_SIZE at most.

    Raises:
        InvalidQuery: the cursor is not that of an answer.
    """
    settings = get_settings()
    size = min(page_size or settings.page_size, settings.max_page_size)
    last = _read_cursor(cursor) if cursor else None
    version = IndexVersion.objects.serving()
    if version is None:
        return ProductPage(
            total=0, results=(), cursor="", degraded=answers.NO_VERSION, left_out=(answers.RESULTS,)
        )
    entries = IndexEntry.objects.in_version(version.pk)
    total = KeptCount.objects.entries_of(version)
    shown = list(
        (entries.filter(_after(*last)) if last else entries)
        .newest()
        .only("product_key", "created")[: size + 1]
    )
    more = len(shown) > size
    shown = shown[:size]
    loaded = load_results({entry.product_key: 0.0 for entry in shown})
    return ProductPage(
        total=total,
        results=loaded.results,
        cursor=_write_cursor(shown[-1]) if more else "",
        degraded="" if version.is_whole else answers.BUILDING,
        left_out=(*(() if version.is_whole else (answers.PRODUCTS,)), *loaded.left_out),
    )


def _after(created: datetime, product_key: str) -> Q:
    """Whether an entry comes after one in the order of `newest`."""
    later = Q(created=created, product_key__gt=product_key)
    return Q(created__lte=created) & (Q(created__lt=created) | later)


def _write_cursor(entry: IndexEntry) -> str:
    return signing.dumps([entry.created.isoformat(), entry.product_key], salt=SALT)


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        created, key = signing.loads(cursor, salt=SALT)
        return datetime.fromisoformat(created), str(key)
    except (signing.BadSignature, ValueError, TypeError, json.JSONDecodeError) as error:
        raise InvalidQuery(
            "invalid_cursor", "cursor must be that of an answer: begin without one."
        ) from error


# One product of it, by its SKU.


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundProduct:
    """A product and what the index knows about it."""

    key: str
    product: Any
    card: ProductCard
    in_stock: bool
    facets: dict[str, list[str]]


@reading
def find_product(sku: str) -> FoundProduct | None:
    """Return the product with this SKU, in any case of letters, or None where no published product has it.

    Raises:
        InvalidQuery: the SKU is longer than 200 characters or holds NUL.
        NoVersion: there is no index yet, so that nobody knows.
    """
    cleaned = clean_text(sku, "sku")
    version = IndexVersion.objects.serving()
    if version is None:
        raise NoVersion(answers.NO_VERSION)
    if not cleaned:
        return None
    entry = (
        IndexEntry.objects.filter(version_id=version.pk, sku=cleaned.lower())
        .order_by("product_key")
        .only("product_key", "facets", "in_stock")
        .first()
    )
    found = load_results({entry.product_key: 1.0}).results if entry else []
    if entry is None or not found:
        return None
    declared: dict[str, list[str]] = {name: [] for name in get_index().facets}
    return FoundProduct(
        key=entry.product_key,
        product=found[0].product,
        card=found[0].card,
        in_stock=entry.in_stock,
        facets=declared | group_by_facet(entry.facets),
    )
