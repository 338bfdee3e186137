"""Rank a gallery for queries by similarity, and reduce the ranked lists to the figures that are reported."""

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from search import metrics

Embeddings = NDArray[np.float32]
Rows = NDArray[np.int64]
Value = TypeVar("Value", bound=Hashable)
DEPTH = 10  # how far down a list is looked: what a shopper sees at once
_BLOCK = 256  # queries at a time, which bounds the memory of their similarities


def nearest(queries: Embeddings, gallery: Embeddings, k: int, *, itself: Rows | None = None) -> Rows:
    """Return the gallery rows of each query's k nearest, most similar first.

    Args:
        queries: (n, dimension), unit length.
        gallery: (m, dimension), unit length.
        k: how many; fewer come back where the gallery has fewer.
        itself: (n,), a gallery row per query that is never among its nearest; -1 for none.

    Returns:
        (n, min(k, m)) int64; with `itself` (n, min(k, m - 1)).
    """
    k = min(k, len(gallery) - (itself is not None))
    found = []
    for start in range(0, len(queries), _BLOCK):
        similarity = queries[start : start + _BLOCK] @ gallery.T
        if itself is not None:
            own = itself[start : start + _BLOCK]
            similarity[np.flatnonzero(own >= 0), own[own >= 0]] = -np.inf
        first = np.argpartition(-similarity, max(k - 1, 0), axis=1)[:, :k]
        order = np.take_along_axis(-similarity, first, axis=1).argsort(axis=1, kind="stable")
        found.append(np.take_along_axis(first, order, axis=1))
    return np.concatenate(found)


def first_relevant_ranks(queries: Embeddings, gallery: Embeddings, relevant: Sequence[Rows]) -> Rows:
    """Return (n,), the rank from 1 of each query's most similar relevant row in the whole gallery.

    Args:
        queries: (n, dimension).
        gallery: (m, dimension).
        relevant: the relevant gallery rows of each query, at least one.
    """
    ranks = []
    for start in range(0, len(queries), _BLOCK):
        similarity = queries[start : start + _BLOCK] @ gallery.T
        wanted = relevant[start : start + _BLOCK]
        best = np.array([row[rows].max() for row, rows in zip(similarity, wanted, strict=True)])
        ranks.append((similarity > best[:, None]).sum(axis=1) + 1)
    return np.concatenate(ranks)


def hits_of(nearest_rows: Rows, relevant: Sequence[Rows]) -> NDArray[np.bool_]:
    """Return (n, k) bool: whether each query's nearest rows are relevant to it."""
    return np.stack([np.isin(rows, wanted) for rows, wanted in zip(nearest_rows, relevant, strict=True)])


def figures_of(hits: NDArray[np.bool_], relevant: NDArray[np.integer]) -> dict[str, float]:
    """Return recall, success, precision, nDCG and MRR of ranked lists that are ten long.

    Args:
        hits: (n, 10) bool, see `search.metrics`; fewer columns where the gallery is smaller.
        relevant: (n,) int, how many relevant items each query has, at least one.
    """
    figures = {f"recall@{k}": metrics.recall_at(hits, relevant, k) for k in (1, 5, DEPTH)}
    figures |= {f"success@{k}": metrics.success_at(hits, k) for k in (1, 5, DEPTH)}
    figures |= {f"precision@{k}": metrics.precision_at(hits, k) for k in (1, DEPTH)}
    figures[f"ndcg@{DEPTH}"] = metrics.ndcg_at(hits, relevant, DEPTH)
    figures[f"mrr@{DEPTH}"] = metrics.mean_reciprocal_rank(hits)
    return figures


def rows_by_value(values: Iterable[Value]) -> dict[Value, Rows]:
    """Return the rows of each value, in the order in which values first appear."""
    rows: dict[Value, list[int]] = {}
    for row, value in enumerate(values):
        rows.setdefault(value, []).append(row)
    return {value: np.array(found, dtype=np.int64) for value, found in rows.items()}
