"""Figures over answered queries, in all and kind by kind."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ..metrics import mean_reciprocal_rank, ndcg_at, precision_at
from .running import DEPTH, Answered

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
