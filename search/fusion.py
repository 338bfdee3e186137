"""Fuse rankings: weighted reciprocal rank fusion, in plain Python."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def fuse(
    rankings: Iterable[tuple[float, Sequence[Item]]], *, k: int = 60, first: Sequence[Item] = ()
) -> list[tuple[Item, float]]:
    """Return every ranked item once with its fused score, best first: score(i) = sum of weight / (k + rank(i)).

    Ranks begin at 1. Ties are ordered by the item, so that equal input gives equal output. (Cormack, Clarke and
    Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009.)

    Args:
        rankings: (weight, items best first) per leg; an item stands in a ranking at most once.
        k: how slowly a rank loses its worth; larger values favour items that many rankings hold.
        first: ranked items that come before all others, in this order, whatever their scores.

    Returns:
        (item, score) pairs; scores are meaningful inside this one list only.
    """
    scores: dict[Item, float] = {}
    for weight, items in rankings:
        for rank, item in enumerate(items, start=1):
            scores[item] = scores.get(item, 0.0) + weight / (k + rank)
    pinned = dict.fromkeys(item for item in first if item in scores)
    rest = [(-score, item) for item, score in scores.items() if item not in pinned]
    rest.sort()
    return [(item, scores[item]) for item in pinned] + [(item, -score) for score, item in rest]
