"""Two evaluations beside each other: figures kind by kind, and the queries that changed most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..conf import get_settings, other_settings
from ..engine.request import Trial
from ..engine.service import search
from ..indexing.version_figures import JudgedFigures
from ..models import Evaluation, IndexVersion
from .judged_queries import read_queries
from .right_answers import relevant_skus
from .run import ALL, DEPTH, Ask, answer_all, figures_of

MOST = 20  # queries that are shown


@dataclass(frozen=True, slots=True)
class KindChange:
    """A kind of queries before and after."""

    kind: str
    precision: tuple[float, float]  # P@10
    ndcg: tuple[float, float]  # nDCG@10

    @property
    def better(self) -> float:
        """By how much nDCG@10 has risen."""
        return self.ndcg[1] - self.ndcg[0]


@dataclass(frozen=True, slots=True)
class QueryChange:
    """A query whose share of right answers changed."""

    text: str
    before: float
    after: float

    @property
    def better(self) -> float:
        """By how much it has risen."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class EvaluationComparison:
    """What differs between two evaluations."""

    same_queries: bool  # whether both are of the same file; otherwise only shared queries are compared
    shared: int  # queries that both have
    kinds: tuple[KindChange, ...]
    queries: tuple[QueryChange, ...]  # the largest changes first


def compare_evaluations(before: Evaluation, after: Evaluation) -> EvaluationComparison:
    """Compare two evaluations."""
    kinds = [
        KindChange(
            kind,
            (before.figures[kind]["precision"], after.figures[kind]["precision"]),
            (before.figures[kind]["ndcg"], after.figures[kind]["ndcg"]),
        )
        for kind in before.figures
        if kind in after.figures
    ]
    shared = [text for text in before.queries if text in after.queries]
    changed = [
        QueryChange(text, before.queries[text], after.queries[text])
        for text in shared
        if before.queries[text] != after.queries[text]
    ]
    changed.sort(key=lambda change: (-abs(change.better), change.text))
    return EvaluationComparison(
        before.digest == after.digest, len(shared), tuple(kinds), tuple(changed[:MOST])
    )


# Ask the judged queries of a new version and of the active one, before one takes the place of the other.


# A worker compares while it has other work; a search that ran out of time would count as a bad answer.
PATIENT = {"SEARCH_TIMEOUT_MS": 30_000, "ENCODE_TIMEOUT_MS": 30_000}


def judge_versions(versions: Sequence[IndexVersion]) -> Mapping[int, JudgedFigures]:
    """Return version id -> how well it answers the queries of ACTIVATION_QUERIES; nothing where no file is named.

    Spelling is left alone: the words that correct it are counted for the active version only.

    Raises:
        ValueError: the file cannot be read, or no query has a right answer in the catalogue.
        UnknownFieldError: a rule names a field that no product has.
    """
    file = get_settings().activation_queries
    if not file:
        return {}
    queries = read_queries(Path(file))
    relevant = relevant_skus(queries)
    found = {}
    with other_settings(PATIENT):
        for version in versions:
            degraded: list[str] = []
            answered = list(answer_all(queries, relevant, _ask(version, degraded)))
            figures = figures_of(answered)[ALL]
            found[version.pk] = JudgedFigures(
                figures.queries, round(figures.precision, 4), round(figures.ndcg, 4), len(degraded)
            )
    return found


def _ask(version: IndexVersion, degraded: list[str]) -> Ask:
    def ask(text: str) -> tuple[list[str], int]:
        answer = search(
            text,
            page_size=DEPTH,
            with_facets=False,
            spelling=False,
            freezing=False,
            trial=Trial(version=version),
        )
        if answer.degraded:
            degraded.append(text)
        return [result.card.sku for result in answer.results], answer.total

    return ask
