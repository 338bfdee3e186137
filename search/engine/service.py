"""Search by words, filters or both."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from time import perf_counter

from django.db import DatabaseError, OperationalError
from django.http import HttpRequest

from ..conf import get_settings
from ..exceptions import InvalidQuery
from ..facets import CATEGORY
from ..insight.log import Mode, record_search, visitor_of
from ..insight.reports import popular_queries
from ..merchandising.hits import Hit, count_hits
from ..merchandising.rules import Fired
from ..merchandising.snapshots import BannerShown, Merchandising, RedirectTo, snapshot
from ..models import IndexVersion
from ..prometheus import DEGRADED, LEFT_OUT, SEARCH_SECONDS, note_answer
from ..query.lexicon import words_of
from ..query.parse import Query, clean_query
from ..query.spelling import correct
from ..query.synonyms import merged_synonyms
from ..registry import get_index
from ..session import is_out_of_time, measuring, pinned, search_session, stage, time_budget
from . import answers
from .absent import why_absent
from .answers import SORTS, SearchAnswer, SimilarAnswer, parts_of
from .browse import catalogue_page
from .candidates import lacking_share
from .counts import Counts
from .explain import explain
from .filters import Filters, clean_filters
from .pages import SHOPPERS, Page, PageRequest, Trial, fingerprint_of, freeze, thaw
from .photos import Look, aim_at
from .pool import count_matching, in_order, whole_list, without_stated_price
from .ranking import Asked, ask, is_semantic_failure
from .results import load_results

# What to try where a query finds nothing.


MOST = 6


def queries_instead(version: IndexVersion) -> tuple[str, ...]:
    """Return queries that many searched for, then the names of the largest categories that nothing lies below."""
    queries = [query.text for query in popular_queries("", MOST)]
    lexicon = words_of(version, snapshot().synonyms).lexicon
    above = set(lexicon.parents.values())
    leaves = [
        (-count, value)
        for facet, value, count in lexicon.values()
        if facet == CATEGORY and value not in above
    ]
    return tuple(dict.fromkeys([*queries, *(value for _, value in sorted(leaves)[:MOST])]))[:MOST]


logger = logging.getLogger(__name__)

LAST_PAGE = 100_000
MOST_LACKING = 0.5  # share of the pictures without an embedding from which answers are degraded
NO_FILTERS = Filters()


@pinned()
def search(
    text: str = "",
    *,
    filters: Filters = NO_FILTERS,
    sort: str = "relevance",
    page: int = 1,
    page_size: int | None = None,
    with_facets: bool = True,
    spelling: bool = True,
    token: str = "",
    photo: str = "",
    more: Sequence[str] = (),
    less: Sequence[str] = (),
    freezing: bool = True,
    trial: Trial | None = None,
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
        token: of the answer with the first page: this page is then cut from the same list. With a token that is too
            old or of another search, the answer is a fresh first page and says so.
        photo: token of a photo, from `take_photo`; results are what looks like it. With words, what has them comes first.
        more: SKUs of products that results shall look like, too.
        less: SKUs of products that results shall look less like; they are no results themselves.
        freezing: whether later pages shall be cut from this list; the answer then has a token for them.
        trial: what differs where this is no shopper's search.

    Raises:
        InvalidQuery: text, filters, sort, page, photo, more or less cannot be answered; the sentence says why.
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
    request = PageRequest(
        filters=clean_filters(filters, get_index().facets),
        sort=sort,
        page=page,
        size=size,
        token=token,
        facets=get_index().facets if with_facets else (),
        trial=trial or SHOPPERS,
        look=Look(photo, tuple(more), tuple(less)),
        freezing=freezing,
    )
    version = request.trial.version or IndexVersion.objects.serving()
    with measuring() as stages:
        if version is None:
            found = _blind(request, answers.NO_VERSION)
        else:
            try:
                found = _found(version, query, request, spelling=spelling)
            except OperationalError as error:
                if not is_out_of_time(error):
                    raise
                logger.exception("A search in %s was given up", version)
                found = _blind(request, answers.TOO_SLOW)
        with stage("products"):
            loaded = load_results(found.found)
    searched = found.query or query
    # Without an index there is nothing to arrange, and a shop that has none yet need not pay for the look.
    merchandising = snapshot() if version else Merchandising()
    redirect = merchandising.redirect_for(query.wanted) or merchandising.redirect_for(searched.wanted)
    banners = merchandising.banners_for(searched.wanted, request.filters.facets.get(CATEGORY, ()))
    if trial is None and page == 1:
        _count_hits(found.fired, redirect, banners, merchandising.synonyms_in(searched.wanted))
    return SearchAnswer(
        query=searched.text,
        typed=query.text,
        total=found.total,
        complete=found.complete,
        degraded=found.degraded,
        left_out=(*found.left_out, *loaded.left_out),
        took_ms=round((perf_counter() - started) * 1000, 2),
        results=loaded.shown,
        facets=found.counts.facets,
        price_ranges=found.counts.price_ranges,
        in_stock=found.counts.in_stock,
        matching=found.matching,
        understood=list(parts_of(searched.text, found.understood)),
        unknown=found.understood.unknown,
        page=1 if found.restarted else page,
        page_size=size,
        token=found.token,
        restarted=found.restarted,
        stages=stages,
        instead=queries_instead(version)
        if version and query.text and not found.total and answers.RESULTS not in found.left_out
        else (),
        redirect=redirect.url if redirect else "",
        banners=banners,
        fired=found.fired,
        explanation=found.explanation,
        absence=found.absence,
        photo=photo,
        more=request.look.more,
        less=request.look.less,
    )


def _count_hits(
    fired: Sequence[Fired],
    redirect: RedirectTo | None,
    banners: Sequence[BannerShown],
    synonyms: Sequence[int],
) -> None:
    hits = [Hit("rule", rule.rule_id) for rule in fired]
    hits += [Hit("banner", banner.id) for banner in banners]
    hits += [Hit("synonym", number) for number in synonyms]
    count_hits([*hits, Hit("redirect", redirect.id)] if redirect else hits)


def _blind(request: PageRequest, why: str, *left_out: str) -> Page:
    """What is answered where nobody could look."""
    counts = (answers.COUNTS,) if request.facets else ()
    return Page(
        [],
        0,
        False,
        Counts({name: [] for name in request.facets}),
        0,
        degraded=why,
        left_out=(answers.RESULTS, *counts, *left_out),
    )


def _found(version: IndexVersion, query: Query, request: PageRequest, *, spelling: bool) -> Page:
    """A page of the catalogue, or of what a query finds."""
    whole = version.is_whole
    if query.text or request.look.leads:
        return _ranked_page(version, query, request, spelling=spelling)
    with stage("catalogue"), search_session():
        found = catalogue_page(version, request if whole else replace(request, freezing=False))
    if whole:
        return found
    degraded = answers.said(answers.BUILDING, found.degraded)
    return replace(found, degraded=degraded, left_out=(answers.PRODUCTS, *found.left_out))


def _ranked_page(version: IndexVersion, query: Query, request: PageRequest, *, spelling: bool) -> Page:
    page = None
    with time_budget(get_settings().search_timeout_ms):
        slips = _corrected(version, query, request) if spelling else (None, {})
        corrected, meant = slips or (None, {})
        left_out = [] if slips is not None else [answers.SPELLING]
        with stage("encode"):
            asked, degraded = ask(
                version,
                corrected or query,
                synonyms=request.trial.synonyms,
                meant=meant,
                tried=request.trial.version is not None,
            )
        if query.has_words and asked.words.built_at is None:
            left_out.append(answers.LEXICON)
        try:
            with search_session():
                if request.look:
                    asked, degraded, whole = _aimed(asked, request.look, degraded)
                    left_out += [] if whole else [answers.LOOK]
                if not degraded:
                    degraded, none = _lacking(asked)
                    if none and not query.text:  # a look alone, and no picture to compare it with
                        return _blind(request, degraded, answers.LOOK)
                    left_out += [answers.LOOK] if degraded and asked.photo is not None else []
                page = _page_of(asked, request, degraded)
        except DatabaseError as error:
            if not is_semantic_failure(asked, error):
                raise
    if page is None:
        if not query.text:  # a look alone, and nothing else to go by
            return _blind(request, answers.NO_SIMILAR, answers.LOOK)
        degraded = answers.said(answers.NO_EMBEDDINGS_SEARCH, "" if version.is_whole else answers.BUILDING)
        left_out += [answers.LOOK] if request.look else []
        asked = replace(asked, embedding=None, photo=None)
        with search_session():
            page = _page_of(asked, request, degraded)
    page = replace(page, query=corrected)
    if page.thawed:  # the list was whole when it was frozen, whatever does not work at this moment
        return replace(page, left_out=tuple(left_out))
    if not version.is_whole:
        left_out.append(answers.PRODUCTS)
    if degraded and asked.photo is None:
        left_out.append(answers.EMBEDDINGS)
    return replace(
        page,
        degraded=answers.said(degraded, page.degraded),
        left_out=tuple(dict.fromkeys([*left_out, *page.left_out])),
    )


def _lacking(asked: Asked) -> tuple[str, bool]:
    """Why results by what products look like are fewer than they should be, or "", and whether there are none at all."""
    if asked.embedding is None and asked.photo is None:
        return "", False
    share = lacking_share(asked.version.pk)
    if share is None:
        return (answers.NO_PICTURE, True) if asked.photo is not None else ("", False)
    return (
        (answers.MOST_PICTURES, share == 1 and asked.photo is not None)
        if share > MOST_LACKING
        else ("", False)
    )


def _aimed(asked: Asked, look: Look, degraded: str) -> tuple[Asked, str, bool]:
    """The query with what results shall look like, why it is degraded, and whether all of the look counts.

    Without a photo or a product to go by, words still lead; with one, the words need no embedding.
    """
    aim = aim_at(look, asked.version, asked.embedding)
    if not look.leads:
        return replace(asked, embedding=aim.embedding, left_out=aim.left_out), degraded, aim.whole
    if aim.embedding is not None and degraded != answers.BUILDING:
        degraded = ""
    return replace(asked, photo=aim.embedding, left_out=aim.left_out), degraded, aim.whole


def _corrected(
    version: IndexVersion, query: Query, request: PageRequest
) -> tuple[Query | None, Mapping[str, str]] | None:
    """The query as it was probably meant, or None where nothing is wrong with it, and what its rare words may mean.

    None where that could not be looked at.
    """
    if not query.has_words:
        return None, {}
    tried = None if request.trial.synonyms is None else merged_synonyms(request.trial.synonyms).words
    try:
        with stage("spelling"), search_session():
            correction = correct(
                version.pk,
                query.text,
                words_of(version, snapshot().synonyms).synonyms if tried is None else tried,
            )
    except DatabaseError:
        logger.exception("The spelling of a query could not be looked at")
        return None
    if correction is None:
        return None, {}
    return clean_query(correction.text) if correction.changed else None, dict(correction.perhaps)


def _page_of(asked: Asked, request: PageRequest, degraded: str) -> Page:
    fingerprint = fingerprint_of(asked.version.pk, asked.query.text, request.filters, request.look)
    frozen = thaw(request.token, fingerprint) if request.token else None
    restarted = bool(request.token) and frozen is None and request.page > 1
    if restarted:
        request = replace(request, page=1)
    token, thawed = request.token, True
    left_out: list[str] = []
    fired: tuple[Fired, ...] = ()
    explanation = absence = None
    if frozen is None or request.trial.explains:
        frozen, ranked = whole_list(asked, request.filters)
        fired = ranked.fired
        thawed = False
        with stage("freeze"):
            freezes = request.freezes(len(frozen.rows))
            # A list that lacks something is not kept, or its later pages would pass for those of a whole one.
            token = freeze(frozen, fingerprint) if freezes and frozen.counted and not degraded else ""
            left_out += [answers.TOKEN] if freezes and not token else []
        if request.trial.explains:
            with stage("explain"):
                order = [row.product_key for row in frozen.rows]
                shown = [row.product_key for row in in_order(frozen.rows, request.sort)[request.window]]
                explanation = explain(asked, ranked, order, shown)
            if request.trial.missing:
                absence = why_absent(asked, request.filters, ranked, order, request.trial.missing)
    rows = in_order(frozen.rows, request.sort)
    counted = frozen.counted or not request.facets
    return Page(
        [(row.product_key, row.score) for row in rows[request.window]],
        len(rows),
        frozen.complete,
        frozen.counts if request.facets else Counts(),
        count_matching(rows),
        understood=without_stated_price(asked, request.filters).understood,
        token=token,
        restarted=restarted,
        fired=fired,
        explanation=explanation,
        absence=absence,
        degraded="" if counted else answers.NO_COUNTS,
        left_out=tuple(left_out) if counted else (answers.COUNTS, *left_out),
        thawed=thawed,
    )


# Note an answer that somebody asked for in the search log.


def log_search(request: HttpRequest, answer: SearchAnswer, filters: Filters) -> str:
    """Note a page of results, in microseconds, and return the search's id for the page; "" where it is not logged.

    Args:
        request: what the shopper sent; crawlers and prefetches are not logged.
        answer: what was answered.
        filters: the filters that the shopper had set.
    """
    count_answer(answer)
    parts = [asdict(part) for part in answer.understood]
    return record_search(
        visitor=visitor_of(request),
        mode=_mode(answer),
        text=answer.typed,
        corrected=answer.query if answer.is_corrected else "",
        understood=[*parts, *({"text": word, "facet": ""} for word in answer.unknown)],
        total=answer.total,
        matching=None if answer.is_blind else answer.matching,
        page=answer.page,
        filters={name: value for name, value in asdict(filters).items() if value is not False},
        degraded=answer.degraded,
        took_ms=answer.took_ms,
        stages=answer.stages,
    )


def count_answer(answer: SearchAnswer) -> None:
    """Count an answer, and what it leaves out, for those who watch the shop; `log_search` has done so with what it notes."""
    _count(_mode(answer), answer)


def count_similar(answer: SimilarAnswer) -> None:
    """Count a row of similar products, and what it leaves out."""
    _count("row", answer)


def _count(kind: str, answer: SearchAnswer | SimilarAnswer) -> None:
    SEARCH_SECONDS.labels(kind).observe(answer.took_ms / 1000)
    note_answer(degraded=bool(answer.degraded), left_out=answer.left_out)
    if answer.degraded:
        DEGRADED.labels(kind).inc()
    for what in answer.left_out:
        LEFT_OUT.labels(what).inc()


def _mode(answer: SearchAnswer) -> Mode:
    if answer.photo:
        return "photo"
    if answer.more:
        return "similar"
    return "text" if answer.typed else "category"
