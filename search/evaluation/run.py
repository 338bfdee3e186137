"""Ask judged queries, inside this process or over HTTP, and keep what came."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np

from ..conf import get_settings, other_settings
from ..engine import answers
from ..engine.request import Trial
from ..engine.service import search
from ..exceptions import InvalidQuery, SearchError
from ..models import Evaluation, IndexVersion, JudgedSet
from .judged_queries import JudgedQuery
from .metrics import mean_reciprocal_rank, ndcg_at, precision_at

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
        raise SearchError(f"{address!r} is not a URL: give one such as http://localhost:8000/api/v1")

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


# Figures over answered queries, in all and kind by kind.


ALL = "all"


@dataclass(frozen=True, slots=True)
class Figures:
    """How well queries were answered; each figure is a mean over them."""

    queries: int
    precision: float  # P@10: share of ten places that hold a right answer; empty places count as wrong
    reachable: float  # the same over min(10, right answers there are) places
    ndcg: float  # nDCG@10
    mrr: float  # MRR@10
    nothing: int  # queries without a result
    p50_ms: float
    p95_ms: float

    def by_name(self) -> dict[str, float]:
        """The figures under the names that `--fail-under` takes."""
        return {
            "p@10": self.precision,
            "reachable@10": self.reachable,
            "ndcg@10": self.ndcg,
            "mrr@10": self.mrr,
        }

    def to_json(self) -> dict[str, float]:
        """All of them, rounded."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def figures_of(answered: Sequence[Answered]) -> dict[str, Figures]:
    """Return figures over all queries, under "all", and over those of each kind.

    Raises:
        ValueError: there is no answered query.
    """
    if not answered:
        raise ValueError("No query has a right answer in this catalogue.")
    kinds = sorted({item.query.kind for item in answered} - {""})
    groups = {ALL: answered} | {
        kind: [item for item in answered if item.query.kind == kind] for kind in kinds
    }
    return {name: _figures(group) for name, group in groups.items()}


def _figures(answered: Sequence[Answered]) -> Figures:
    hits = np.array(
        [(*item.hits, *[False] * (DEPTH - len(item.hits)))[:DEPTH] for item in answered], dtype=bool
    )
    relevant = np.array([item.relevant for item in answered])
    times = np.array([item.milliseconds for item in answered])
    return Figures(
        queries=len(answered),
        precision=precision_at(hits, DEPTH),
        reachable=float(np.mean(hits.sum(axis=1) / np.minimum(relevant, DEPTH))),
        ndcg=ndcg_at(hits, relevant, DEPTH),
        mrr=mean_reciprocal_rank(hits),
        nothing=sum(item.total == 0 for item in answered),
        p50_ms=float(np.percentile(times, 50)),
        p95_ms=float(np.percentile(times, 95)),
    )


# Keep evaluations, and report what changed since the one before.


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed since an earlier evaluation of the same queries."""

    before: Evaluation
    better: tuple[str, ...]
    worse: tuple[str, ...]


def keep(
    version: IndexVersion,
    source: str,
    digest: str,
    figures: dict[str, Figures],
    answered: Sequence[Answered],
    *,
    stated: str = "",
    judged_set: JudgedSet | None = None,
) -> tuple[Evaluation, Comparison | None]:
    """Store an evaluation; return it with a comparison to the last one of the same file, if there is one.

    Args:
        version: that was searched.
        source: name of the file of queries.
        digest: SHA-256 of the file.
        figures: by kind.
        answered: every query with its answer.
        stated: settings that were tried, as JSON.
        judged_set: the set that the queries are of, if it was no file.
    """
    before = Evaluation.objects.filter(digest=digest).first()
    queries = {item.query.text: sum(item.hits) / min(DEPTH, item.relevant) for item in answered}
    tried = read_settings(stated)
    with other_settings(tried):
        settings = settings_in_effect()
    made = Evaluation.objects.create(
        version=version,
        measured=f"version {version.pk} ({version.artifact_name}, {version.fingerprint[:8]})"
        + (f" with {stated}" if stated else ""),
        source=source,
        digest=digest,
        figures={name: group.to_json() for name, group in figures.items()},
        queries=queries,
        judged_set=judged_set,
        settings=settings,
        tried=tried,
        details={item.query.text: _details(item) for item in answered},
    )
    if before is None:
        return made, None
    shared = [text for text in queries if text in before.queries]
    return made, Comparison(
        before,
        tuple(text for text in shared if queries[text] > before.queries[text]),
        tuple(text for text in shared if queries[text] < before.queries[text]),
    )


def _details(item: Answered) -> list[Any]:
    wrong = next((sku for sku, hit in zip(item.skus, item.hits, strict=True) if not hit), "")
    return [sum(item.hits), item.relevant, item.total, wrong]


# Settings that may be tried in one search or one evaluation, beside those that shoppers search with.


# What else there is would change the index, or what is kept between searches.
TRIED = (
    "WEIGHTS",
    "VARIANTS",
    "ENOUGH",
    "RESULTS",
    "CANDIDATES",
    "MIN_SIMILARITY",
    "EXACT_BELOW",
    "EF_SEARCH",
)


def settings_in_effect() -> dict[str, Any]:
    """Return the values that those settings have."""
    stated = get_settings()
    values = {name: getattr(stated, name.lower()) for name in TRIED}
    return {**values, "WEIGHTS": asdict(stated.weights)}


def read_settings(stated: str) -> Mapping[str, Any]:
    """Read settings of a search, written as JSON.

    Raises:
        InvalidQuery: they are no JSON object, or name settings that are not of a search.
    """
    if not stated:
        return {}
    try:
        given = json.loads(stated)
    except ValueError as error:
        raise InvalidQuery("invalid_settings", f"The settings are not JSON: {error}.") from error
    if not isinstance(given, dict) or not set(given) <= set(TRIED):
        raise InvalidQuery(
            "invalid_settings",
            f'The settings must be an object such as {{"VARIANTS": 1}}, of {", ".join(TRIED)}.',
        )
    return given
