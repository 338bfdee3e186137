"""Note an answer that somebody asked for in the search log."""

from dataclasses import asdict

from django.http import HttpRequest

from ..insight.recording import Mode, record_search
from ..insight.visits import visitor_of
from ..prometheus import DEGRADED, LEFT_OUT, SEARCH_SECONDS, note_answer
from ..retrieval.filters import Filters
from .answers import SearchAnswer, SimilarAnswer


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
