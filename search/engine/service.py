"""Search by words, references, filters or all of them: the one way in, and what is answered where a part of it fails."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from inspect import signature
from time import perf_counter
from typing import Any, ParamSpec

from django.db import DatabaseError, OperationalError
from django.http import HttpRequest

from ..conf import get_settings
from ..facets import CATEGORY
from ..insight.devices import device_of
from ..insight.log import Mode, record_search, visitor_of
from ..insight.reports import popular_queries
from ..merchandising.hits import Hit, count_hits
from ..merchandising.snapshots import Merchandising, snapshot
from ..models import IndexVersion
from ..prometheus import DEGRADED, LEFT_OUT, SEARCH_SECONDS, note_answer
from ..query.lexicon import words_of
from ..query.parse import Query, clean_query, in_english, parts_of
from ..query.spelling import correct
from ..query.synonyms import SynonymEntry, merged_synonyms
from ..sentences import joined, said, untranslated
from ..session import (
    is_out_of_time,
    measuring,
    part_in_time,
    pinned,
    reading,
    search_session,
    stage,
    time_budget,
)
from . import answers
from .absent import why_absent
from .answers import Draft, SearchAnswer, SimilarAnswer
from .browse import catalogue_page
from .candidates import lacking_share
from .completions import once
from .explain import explain
from .findable import which_find
from .guesses import with_guesses
from .photos import Told, embedding_of, point_of, told_by
from .ranking import RankingQuery, is_semantic_failure, understand
from .request import Filters, SearchRequest
from .results import count_matching, freeze, list_results, load_results, thaw

Arguments = ParamSpec("Arguments")
logger = logging.getLogger(__name__)

MOST_LACKING = 0.5  # share of the pictures without an embedding from which answers are degraded
MOST_INSTEAD = 6  # queries to try where nothing is found


def _with_arguments_of(
    request: Callable[Arguments, SearchRequest],
) -> Callable[[Callable[..., SearchAnswer]], Callable[Arguments, SearchAnswer]]:
    """Give a function the signature of a request, for type checkers, editors and `help()`."""

    def signed(function: Callable[..., SearchAnswer]) -> Callable[Arguments, SearchAnswer]:
        function.__signature__ = signature(request).replace(return_annotation=SearchAnswer)  # type: ignore[attr-defined]
        return function

    return signed


@_with_arguments_of(SearchRequest)
def search(*args: Any, **options: Any) -> SearchAnswer:
    """Find products by words; without words, list the catalogue, newest first.

    Takes the arguments of `SearchRequest`, which explains them: `search("red dress", page_size=12)`.

    Raises:
        InvalidQuery: an option cannot be answered; the sentence says why. No text is refused.
        TypeError: an option that there is not, or a text that is no str.
    """
    return answer_request(SearchRequest(*args, **options))


def answer_request(request: SearchRequest) -> SearchAnswer:
    """Answer a request, as `search` does.

    Raises:
        InvalidQuery: the token of its photo cannot be used.
    """
    if request.trial is None:
        return _answer(request)
    with pinned():  # whoever tries something may just have changed it
        return _answer(request)


@reading
def _answer(request: SearchRequest) -> SearchAnswer:
    started = perf_counter()
    version = request.variation.version or IndexVersion.objects.serving()
    with measuring() as stages:
        draft = _draft(version, request)
        with stage("products"):
            loaded = load_results(draft.scores)
    typed, searched, found = request.query, draft.searched or request.query, draft.answer
    # Without an index there is nothing to arrange, and a shop that has none yet need not pay for the look.
    merchandising = snapshot() if version else Merchandising()
    redirect = merchandising.redirect_for(typed.wanted) or merchandising.redirect_for(searched.wanted)
    banners = merchandising.banners_for(searched.wanted, request.filters.facets.get(CATEGORY, ()))
    if request.trial is None and request.page == 1:
        hits = [Hit("rule", rule.rule_id) for rule in found.fired]
        hits += [Hit("banner", banner.id) for banner in banners]
        hits += [Hit("synonym", number) for number in merchandising.synonyms_in(searched.wanted)]
        hits += [Hit("redirect", redirect.id)] if redirect else []
        if hits:
            count_hits(hits)
    told = told_by(request.references.photo) if request.references.photo else Told()
    nothing = version is not None and bool(typed.text) and not found.total and not found.is_blind
    return replace(
        found,
        query=searched.text,
        typed=typed.text,
        notes=(*cut_notes(typed), *found.notes),
        left_out=(*found.left_out, *loaded.left_out),
        took_ms=round((perf_counter() - started) * 1000, 2),
        results=loaded.results,
        page=1 if found.restarted else request.page,
        page_size=request.size,
        stages=stages,
        instead=_queries_instead(version) if version and nothing else (),
        redirect=redirect.url if redirect else "",
        banners=banners,
        photo=request.references.photo,
        turned=told.turned,
        boxes=told.boxes,
        more=request.references.more,
        less=request.references.less,
    )


def _draft(version: IndexVersion | None, request: SearchRequest) -> Draft:
    """A page of the catalogue, or of what a query finds."""
    if version is None:
        return _blind(request, answers.NO_VERSION)
    try:
        if request.query.text or request.references.lead:
            return _ranked_page(version, request)
        if version.is_whole:
            return _catalogue_page(version, request)
        draft = _catalogue_page(version, replace(request, freezing=False))
    except OperationalError as error:
        if not is_out_of_time(error):
            raise
        logger.exception("A search in %s was given up", version)
        return _blind(request, answers.TOO_SLOW)
    return _lacking(draft, answers.BUILDING, answers.PRODUCTS)


def _catalogue_page(version: IndexVersion, request: SearchRequest) -> Draft:
    with stage("catalogue"), search_session():
        return catalogue_page(version, request)


def _blind(request: SearchRequest, why: str, *left_out: str) -> Draft:
    """What is answered where nobody could look."""
    counts = (answers.COUNTS,) if request.facets else ()
    answer = SearchAnswer(
        facets={name: [] for name in request.facets},
        degraded=why,
        left_out=(answers.RESULTS, *counts, *left_out),
    )
    return Draft(answer, {})


def _lacking(draft: Draft, degraded: str, *left_out: str) -> Draft:
    """A draft that is degraded, and lacks what is left out, besides what it says of itself; each is said once."""
    answer = draft.answer
    if degraded and answer.degraded:
        degraded = joined(dict.fromkeys((degraded, answer.degraded)))
    names = dict.fromkeys((*left_out, *answer.left_out))
    return draft._replace(answer=replace(answer, degraded=degraded or answer.degraded, left_out=tuple(names)))


def _ranked_page(version: IndexVersion, request: SearchRequest) -> Draft:
    draft = None
    references = request.references
    with time_budget(get_settings().search_timeout_ms):
        slips = (
            slips_of(version, request.query, request.variation.synonyms) if request.spelling else (None, {})
        )
        corrected, meant = slips or (None, {})
        left_out = [] if slips is not None else [answers.SPELLING]
        with stage("encode"):
            query, degraded = understand(
                version,
                corrected or request.query,
                synonyms=request.variation.synonyms,
                rules=request.variation.rules,
                meant=meant,
                tried=request.variation.version is not None,
            )
        if request.query.has_words and query.words.built_at is None:
            left_out.append(answers.LEXICON)
        try:
            with search_session():
                if references:
                    query, degraded, whole = _with_references(query, request, degraded)
                    if references.photo:
                        query = with_guesses(query, request, embedding_of(references.photo, version))
                    left_out += [] if whole else [answers.LOOK]
                if not degraded:
                    degraded, none = _lacking_pictures(query)
                    if (
                        none and not request.query.text
                    ):  # references alone, and no picture to compare them with
                        return _blind(request, degraded, answers.LOOK)
                    left_out += [answers.LOOK] if degraded and query.photo is not None else []
                draft = _page_of(query, request, degraded)
        except DatabaseError as error:
            if not is_semantic_failure(query, error):
                raise
    if draft is None:
        if not request.query.text:  # references alone, and nothing else to go by
            return _blind(request, answers.NO_SIMILAR, answers.LOOK)
        building = "" if version.is_whole else answers.BUILDING
        degraded = joined((answers.NO_EMBEDDINGS_SEARCH, building))
        left_out += [answers.LOOK] if references else []
        query = replace(query, embedding=None, photo=None, looks=())
        with search_session():
            draft = _page_of(query, request, degraded)
    draft = draft._replace(searched=corrected)
    if draft.thawed:  # the list was whole when it was frozen, whatever does not work at this moment
        return draft._replace(answer=replace(draft.answer, left_out=tuple(left_out)))
    if not version.is_whole:
        left_out.append(answers.PRODUCTS)
    if degraded and query.photo is None:
        left_out.append(answers.EMBEDDINGS)
    return _lacking(draft, degraded, *left_out)


def _lacking_pictures(query: RankingQuery) -> tuple[str, bool]:
    """Why results by what products look like are fewer than they should be, or "", and whether there are none at all."""
    by_photo = query.photo is not None
    if query.embedding is None and not by_photo:
        return "", False
    share = lacking_share(query.version.pk)
    if share is None:
        return (answers.NO_PICTURE, True) if by_photo else ("", False)
    return (answers.MOST_PICTURES, share == 1 and by_photo) if share > MOST_LACKING else ("", False)


def _with_references(
    query: RankingQuery, request: SearchRequest, degraded: str
) -> tuple[RankingQuery, str, bool]:
    """The query with what results should look like, why it is degraded, and whether all references count.

    Without a photo or a product to look like, words still lead; with one, the words need no embedding.
    """
    point = point_of(request.references, query.version, query.embedding)
    if not request.references.lead:
        return replace(query, embedding=point.embedding, left_out=point.left_out), degraded, point.whole
    if point.embedding is not None and degraded != answers.BUILDING:
        degraded = ""
    return replace(query, photo=point.embedding, left_out=point.left_out), degraded, point.whole


def cut_notes(query: Query) -> tuple[str, ...]:
    """Return the sentences on a query that was cut, or of which something was left out; none for others."""
    cut = (said(answers.CUT, last=query.text.rpartition(" ")[2]),) if query.cut else ()
    return (*cut, answers.DROPPED) if query.dropped else cut


def slips_of(
    version: IndexVersion, query: Query, tried: tuple[SynonymEntry, ...] | None = None
) -> tuple[Query | None, Mapping[str, str]] | None:
    """Return the query as it was probably meant, or None where nothing is wrong with it, and what its rare words may mean.

    Args:
        version: the version that is searched.
        query: as it was typed.
        tried: synonyms to read it with instead of the table's.

    Returns:
        None where that could not be looked at.
    """
    if not query.has_words:
        return None, {}
    try:
        with stage("spelling"):
            words = words_of(version, snapshot().synonyms)
            if in_english(query.text, words.lexicon).language:
                return None, {}  # words that are right in another language
            known = words.synonyms if tried is None else merged_synonyms(tried).words
            correction = correct(version.pk, query.text, known)
    except DatabaseError:
        logger.exception("The spelling of a query could not be looked at")
        return None
    if correction is None:
        return None, {}
    return clean_query(correction.text) if correction.changed else None, dict(correction.perhaps)


def _page_of(query: RankingQuery, request: SearchRequest, degraded: str) -> Draft:
    """A page of the list that a query finds, or that an earlier page was cut from."""
    fingerprint = request.fingerprint(query.version.pk, query.typed.text)
    results = thaw(request.token, fingerprint) if request.token else None
    restarted = bool(request.token) and results is None and request.page > 1
    if restarted:
        request = replace(request, page=1)
    answer, thawed = SearchAnswer(token=request.token, restarted=restarted), True
    if results is None or request.variation.explains:
        thawed = False
        results, ranked = list_results(query, request.filters)
        with stage("freeze"):
            freezes = request.freezes(len(results.items))
            # A list that lacks something is not kept, or its later pages would pass for those of a whole one.
            token = freeze(results, fingerprint) if freezes and results.counted and not degraded else ""
        left_out = (answers.TOKEN,) if freezes and not token else ()
        answer = replace(answer, token=token, fired=ranked.fired, left_out=left_out)
        if request.variation.explains:
            with stage("explain"):
                order = results.items.keys
                shown = results.sorted_by(request.sort)[request.window]
                answer = replace(answer, explanation=explain(query, ranked, order, shown))
            if sku := request.variation.missing:
                answer = replace(answer, absence=why_absent(query, request.filters, ranked, order, sku))
    items = results.sorted_by(request.sort)
    understood = query.without_stated_price(request.filters).understood
    answer = replace(
        answer,
        total=len(items),
        complete=results.complete,
        matching=0 if results.relaxed else count_matching(items),
        fitting=count_matching(items) if results.relaxed else 0,
        relaxed=results.relaxed,
        showing=results.showing,
        blocked_by=results.blocked_by,
        understood=list(parts_of(query.typed.text, understood)),
        unknown=understood.unknown,
        notes=(*understood.notes, *((answers.NO_LIST,) if understood.unlisted else ())),
        language=understood.language,
        looks_like=query.looks,
        **results.counts.shown(request.facets),
    )
    draft = Draft(answer, items[request.window].scores, thawed=thawed)
    counted = results.counted or not request.facets
    return draft if counted else _lacking(draft, answers.NO_COUNTS, answers.COUNTS)


def _queries_instead(version: IndexVersion) -> tuple[str, ...]:
    """Queries that many searched for and that find something, as far as time allows, then the names of the largest categories that nothing lies below."""
    popular = [query.text for query in popular_queries("", MOST_INSTEAD)]
    queries = part_in_time(lambda: which_find(version.pk, popular), "queries to try") or []
    lexicon = words_of(version, snapshot().synonyms).lexicon
    above = set(lexicon.parents.values())
    leaves = [
        (-count, value)
        for facet, value, count in lexicon.values()
        if facet == CATEGORY and value not in above
    ]
    named = [value for _, value in sorted(leaves)[:MOST_INSTEAD]]
    return tuple(once([*queries, *named])[:MOST_INSTEAD])


# Answers in the search log and in the counters of this process.


def log_search(request: HttpRequest, answer: SearchAnswer, filters: Filters) -> str:
    """Note a page of results, in microseconds, and return the search's id for the page; "" where it is not logged.

    Args:
        request: what the shopper sent; crawlers and prefetches are not logged.
        answer: what was answered.
        filters: the filters that the shopper had set.
    """
    count_answer(answer)
    parts = [{**asdict(part), "says": part.says and untranslated(part.says)} for part in answer.understood]
    return record_search(
        visitor=visitor_of(request),
        mode=_mode(answer),
        text=answer.typed,
        corrected=answer.query if answer.is_corrected else "",
        understood=[*parts, *({"text": word, "facet": ""} for word in answer.unknown)],
        total=answer.total,
        matching=None if answer.is_blind else answer.matching,
        page=answer.page,
        before=answer.offset,
        shown=len(answer.results),
        device=device_of(request),
        filters={name: value for name, value in asdict(filters).items() if value is not False},
        degraded=answer.degraded and untranslated(answer.degraded),
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
