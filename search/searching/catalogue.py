"""A page of the catalogue without words: newest first, as rules for category pages arrange it."""

from dataclasses import replace

from ..conf import get_settings
from ..engine.version_words import words_of
from ..merchandising.rules import Fired
from ..merchandising.snapshots import snapshot
from ..models import IndexEntry, IndexVersion
from ..query.lexicon import CATEGORY
from ..querysets import EntryQuerySet
from ..retrieval.budget import part_in_time
from ..retrieval.counts import Counts, count_choices
from ..retrieval.filters import Filters
from . import reasons
from .freezing import Frozen, FrozenRow, fingerprint_of, freeze, thaw
from .listing import Listing
from .page import Page, PageRequest
from .pool import in_order


def catalogue_page(version: IndexVersion, request: PageRequest) -> Page:
    """Return a page of the entries that meet the filters; lists of up to RESULTS with their counts are frozen like those of a query.

    The list is read first, so that what takes too long are the counts, which it can do without.
    """
    fingerprint = fingerprint_of(version.pk, "", request.filters)
    frozen = thaw(request.token, fingerprint) if request.token else None
    if frozen is not None:
        rows = in_order(frozen.rows, request.sort)[request.window]
        found = [(row.product_key, row.score) for row in rows]
        total = len(frozen.rows)
        counts = frozen.counts if request.facets else Counts()
        return Page(found, total, True, counts, total, token=request.token, thawed=True)
    restarted = bool(request.token) and request.page > 1
    page = _read(version, replace(request, page=1) if restarted else request, fingerprint)
    # Only a list that was frozen can have been thawed too late.
    return replace(page, restarted=restarted)


def _read(version: IndexVersion, request: PageRequest, fingerprint: str) -> Page:
    listing = Listing(snapshot().rules_for("", request.filters.facets.get(CATEGORY, ())))
    every = EntryQuerySet(IndexEntry).in_version(version.pk)

    def entries(filters: Filters) -> EntryQuerySet:
        return listing.shown(every.matching(filters))

    chosen = entries(request.filters)
    total = chosen.count()
    freezes = bool(request.facets) and request.freezes(total) and total <= get_settings().results
    rows: list[FrozenRow] = []
    if freezes:
        measured = {row.product_key: row for row in chosen.measured()}
        rows = [
            FrozenRow(key, 0.0, True, measured[key].price, measured[key].created)
            for key in listing.window(chosen, slice(0, total))
            if key in measured
        ]
        total = len(rows)
        shown = [row.product_key for row in in_order(rows, request.sort)[request.window]]
    elif request.sort == "relevance":
        shown = listing.window(chosen, request.window)
    else:
        shown = list(_sorted(chosen, request.sort).values_list("product_key", flat=True)[request.window])

    def count() -> tuple[Counts, tuple[Fired, ...]]:
        trees = {CATEGORY: words_of(version).lexicon.parents} if request.facets else {}
        counts = count_choices(request.facets, request.filters, entries, trees)
        return counts, listing.fired(every.matching(request.filters))

    counted = part_in_time(count, "counts")
    counts, fired = counted or (Counts({name: [] for name in request.facets}), ())
    page = Page([(key, 0.0) for key in shown], total, True, counts, total, fired=fired)
    if counted is None and request.facets:
        page = replace(page, degraded=reasons.NO_COUNTS, left_out=(reasons.COUNTS,))
    token = freeze(Frozen(rows, True, counts), fingerprint) if freezes and counted else ""
    if freezes and not token:
        page = replace(page, left_out=(*page.left_out, reasons.TOKEN))
    return replace(page, token=token)


def _sorted(entries: EntryQuerySet, sort: str) -> EntryQuerySet:
    return entries.newest() if sort == "newest" else entries.by_price(descending=sort == "-price")
