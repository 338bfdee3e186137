"""Ask judged queries, inside this process or over HTTP, and keep what came."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from ..engine import answers
from ..engine.pages import Trial
from ..engine.service import search
from ..exceptions import SearchError
from ..models import IndexVersion
from .queries import JudgedQuery

DEPTH = 10  # results that are judged
TIMEOUT_SECONDS = 30

Ask = Callable[[str], tuple[list[str], int]]  # a text to the SKUs of the first results and the total


@dataclass(frozen=True, slots=True)
class Answered:
    """What a query was answered with."""

    query: JudgedQuery
    relevant: int  # right answers that there are
    hits: tuple[bool, ...]  # of the first results, best first, whether each is right
    skus: tuple[str, ...]  # of the first results
    total: int
    milliseconds: float


def ask_here(text: str) -> tuple[list[str], int]:
    """Search in this process."""
    return ask_version(None)(text)


def ask_version(version: IndexVersion | None) -> Ask:
    """Return what searches in this process, in the version that serves or in another one."""

    def ask(text: str) -> tuple[list[str], int]:
        answer = search(text, page_size=DEPTH, with_facets=False, trial=Trial(version=version))
        # Of a version that is being built anybody knows that it is not whole.
        if answer.degraded not in ("", answers.BUILDING):
            raise SearchError(f"{text!r} cannot be judged, its answer is degraded: {answer.degraded}")
        return [result.card.sku for result in answer.results], answer.total

    return ask


def ask_at(address: str) -> Ask:
    """Return what searches through the API below an address, such as http://localhost:8000/api/v1."""
    if not address.startswith(("http://", "https://")):
        raise SearchError(f"{address!r} is no address: give one such as http://localhost:8000/api/v1")

    def ask(text: str) -> tuple[list[str], int]:
        url = f"{address.rstrip('/')}/search/?{urlencode({'q': text, 'page_size': DEPTH})}"
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 - checked above
                answer = json.load(response)
            if answer["degraded"]:
                raise SearchError(f"{text!r} cannot be judged, its answer is degraded: {answer['degraded']}")
            return [result["sku"] for result in answer["results"]], answer["total"]
        except (urllib.error.URLError, TimeoutError, ValueError, KeyError) as error:
            raise SearchError(f"{url} gave no answer: {error}") from error

    return ask


def answer_all(
    queries: Iterable[JudgedQuery], relevant: Iterable[frozenset[str]], ask: Ask
) -> Iterator[Answered]:
    """Ask every query that has a right answer, one after the other.

    Raises:
        SearchError: there was no answer over HTTP, or it was degraded, which says nothing of the index.
    """
    for query, right in zip(queries, relevant, strict=True):
        if not right:
            continue
        began = time.perf_counter()
        skus, total = ask(query.text)
        took = (time.perf_counter() - began) * 1000
        hits = tuple(sku.lower() in right for sku in skus)
        yield Answered(query, len(right), hits, tuple(skus), total, took)
