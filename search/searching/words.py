"""Search by words, filters or both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from django.db import DatabaseError

from ..conf import get_settings
from ..exceptions import InvalidQuery
from ..merchandising import (
    BannerShown,
    Fired,
    Merchandising,
    SynonymEntry,
    count_hits,
    merged_synonyms,
    snapshot,
)
from ..merchandising.hits import Hit
from ..merchandising.snapshots import RedirectTo
from ..models import IndexEntry, IndexVersion
from ..querysets import EntryQuerySet
from ..registry import get_index
from ..retrieval.cleaning import Query, clean_query
from ..retrieval.facets import FacetCount, count_facets
from ..retrieval.filters import Filters, clean_filters
from ..retrieval.lexicon import words_of
from ..retrieval.session import search_session
from ..spelling import correct
from ..understanding import Understood
from ..understanding.lexicon import CATEGORY
from . import reasons
from .answers import SORTS, SearchAnswer
from .listing import Listing
from .parts import parts_of
from .products import load_results
from .ranking import Asked, Ranked, ask, is_semantic_failure, rank

LAST_PAGE = 100_000
NO_FILTERS = Filters()
NOTHING_UNDERSTOOD = Understood()


@dataclass(frozen=True, slots=True)
class _Page:
    """What one page of results needs, before the host's products are loaded."""

    found: Sequence[tuple[str, float]]  # product keys and scores
    total: int
    complete: bool
    facets: dict[str, list[FacetCount]]
    matching: int
    query: Query | None = None  # that was searched for, where it was corrected
    understood: Understood = NOTHING_UNDERSTOOD
    fired: tuple[Fired, ...] = ()


@dataclass(frozen=True, slots=True)
class _Request:
    """A checked request for one page."""

    filters: Filters
    sort: str
    window: slice
    facets: tuple[str, ...]  # to count
    synonyms: tuple[SynonymEntry, ...] | None = None  # instead of the table's


def search(
    text: str = "",
    *,
    filters: Filters = NO_FILTERS,
    sort: str = "relevance",
    page: int = 1,
    page_size: int | None = None,
    with_facets: bool = True,
    spelling: bool = True,
    synonyms: tuple[SynonymEntry, ...] | None = None,
    count: bool = True,
) -> SearchAnswer:
    """Find products by words; without words, list the catalogue, newest first.

    Args:
        text: what the shopper typed, at most 200 characters.
        filters: conditions that every result meets.
        sort: "relevance", "newest", "price" or "-price".
        page: number of the page, from 1.
        page_size: results per page; the setting PAGE_SIZE by default, MAX_PAGE_SIZE at most.
        with_facets: whether to count facets.
        spelling: whether slips are corrected; the answer says which.
        synonyms: those to read the query with instead of the table's, to try some.
        count: whether this is a shopper's search, in which rules, redirects and banners count a hit.

    Raises:
        InvalidQuery: text, filters, sort or page cannot be answered; the sentence says why.
    """
    started = perf_counter()
    settings = get_settings()
    if sort not in SORTS:
        raise InvalidQuery("invalid_sort", f"sort must be one of {', '.join(SORTS)}, not {sort!r}.")
    if not 1 <= page <= LAST_PAGE:
        raise InvalidQuery("invalid_page", f"page must be a whole number from 1 to {LAST_PAGE}.")
    size = settings.page_size if page_size is None else page_size
    if size < 1:
        raise InvalidQuery("invalid_page_size", "page_size must be a whole number from 1.")
    size = min(size, settings.max_page_size)
    query = clean_query(text)
    request = _Request(
        filters=clean_filters(filters, get_index().facets),
        sort=sort,
        window=slice((page - 1) * size, page * size),
        facets=get_index().facets if with_facets else (),
        synonyms=synonyms,
    )
    version = IndexVersion.objects.serving()
    if version is None:
        found, degraded = _Page([], 0, True, {name: [] for name in request.facets}, 0), reasons.NO_VERSION
    elif not query.text:
        with search_session():
            found = _catalogue_page(version, request)
        degraded = "" if version.state == IndexVersion.State.ACTIVE else reasons.BUILDING
    else:
        found, degraded = _ranked_page(version, query, request, spelling=spelling)
    searched = found.query or query
    results = load_results(found.found)
    # Without an index there is nothing to arrange, and a shop that has none yet need not pay for the look.
    merchandising = snapshot() if version else Merchandising()
    redirect = merchandising.redirect_for(query.wanted) or merchandising.redirect_for(searched.wanted)
    banners = merchandising.banners_for(searched.wanted, request.filters.facets.get(CATEGORY, ()))
    if count and page == 1:
        _count_hits(found.fired, redirect, banners)
    return SearchAnswer(
        query=searched.text,
        typed=query.text,
        total=found.total,
        complete=found.complete,
        degraded=degraded,
        took_ms=round((perf_counter() - started) * 1000, 2),
        results=results,
        facets=found.facets,
        matching=found.matching,
        understood=list(parts_of(searched.text, found.understood)),
        unknown=found.understood.unknown,
        page=page,
        page_size=size,
        redirect=redirect.url if redirect else "",
        banners=banners,
        fired=found.fired,
    )


def _count_hits(fired: Sequence[Fired], redirect: RedirectTo | None, banners: Sequence[BannerShown]) -> None:
    hits = [Hit("rule", rule.rule_id) for rule in fired]
    hits += [Hit("banner", banner.id) for banner in banners]
    count_hits([*hits, Hit("redirect", redirect.id)] if redirect else hits)


def _catalogue_page(version: IndexVersion, request: _Request) -> _Page:
    listing = Listing(snapshot().rules_for("", request.filters.facets.get(CATEGORY, ())))
    every = EntryQuerySet(IndexEntry).in_version(version.pk)

    def entries(filters: Filters) -> EntryQuerySet:
        return listing.shown(every.matching(filters))

    chosen = entries(request.filters)
    if request.sort == "relevance":
        keys = listing.window(chosen, request.window)
    else:
        keys = list(_sorted(chosen, request.sort).values_list("product_key", flat=True)[request.window])
    total = chosen.count()
    facets = count_facets(request.facets, request.filters, entries)
    fired = listing.fired(every.matching(request.filters))
    return _Page([(key, 0.0) for key in keys], total, True, facets, total, fired=fired)


def _ranked_page(
    version: IndexVersion, query: Query, request: _Request, *, spelling: bool
) -> tuple[_Page, str]:
    corrected = _corrected(version, query, request) if spelling else None
    asked, degraded = ask(version, corrected or query, synonyms=request.synonyms)
    try:
        with search_session():
            page = _page_of(asked, request)
    except DatabaseError as error:
        if not is_semantic_failure(asked, error):
            raise
        with search_session():
            page = _page_of(replace(asked, embedding=None), request)
        degraded = reasons.NO_EMBEDDINGS_SEARCH
    return replace(page, query=corrected), degraded


def _corrected(version: IndexVersion, query: Query, request: _Request) -> Query | None:
    """The query as it was probably meant, or None where nothing is wrong with it."""
    if not query.has_words:
        return None
    tried = None if request.synonyms is None else merged_synonyms(request.synonyms).words
    with search_session():
        correction = correct(version.pk, query.text, words_of(version).synonyms if tried is None else tried)
    return None if correction is None else clean_query(correction.text)


def _page_of(asked: Asked, request: _Request) -> _Page:
    ranked = rank(asked, request.filters)

    def entries(filters: Filters) -> EntryQuerySet:
        under = ranked if filters is request.filters else rank(asked, filters)
        return EntryQuerySet(IndexEntry).among(under.entry_ids)

    facets = count_facets(request.facets, request.filters, entries)
    return _Page(
        _window(ranked, request),
        len(ranked.items),
        ranked.complete,
        facets,
        ranked.matching,
        understood=asked.understood,
        fired=ranked.fired,
    )


def _window(ranked: Ranked, request: _Request) -> list[tuple[str, float]]:
    if request.sort == "relevance":
        return [(candidate.product_key, score) for candidate, score in ranked.items[request.window]]
    scores = {candidate.product_key: score for candidate, score in ranked.items}
    entries = _sorted(EntryQuerySet(IndexEntry).among(ranked.entry_ids), request.sort)
    keys = entries.values_list("product_key", flat=True)[request.window]
    return [(key, scores[key]) for key in keys]


def _sorted(entries: EntryQuerySet, sort: str) -> EntryQuerySet:
    return entries.newest() if sort == "newest" else entries.by_price(descending=sort == "-price")
