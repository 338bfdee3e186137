"""Two evaluations beside each other: figures kind by kind, and the queries that changed most."""

from dataclasses import dataclass

from ..models import Evaluation

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
