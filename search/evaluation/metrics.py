"""Retrieval metrics over ranked lists of true and false; pure numpy, shared by training and by the shop.

Every function takes `hits`, (n, k) bool: one row per query, best result first, True where the result is
relevant; and where the formula needs it `relevant`, (n,) int: how many relevant items the gallery holds.
"""

import numpy as np
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
Counts = NDArray[np.integer]


def recall_at(hits: Hits, relevant: Counts, k: int) -> float:
    """Mean share of a query's relevant items that stand in the first k."""
    return float(np.mean(hits[:, :k].sum(axis=1) / _at_least_one(relevant)))


def success_at(hits: Hits, k: int) -> float:
    """Share of queries with at least one relevant item in the first k; CLIP and VSE++ print it as R@k."""
    return float(np.mean(hits[:, :k].any(axis=1)))


def precision_at(hits: Hits, k: int) -> float:
    """Mean share of the first k that is relevant; a list shorter than k counts as filled with misses."""
    return float(np.mean(hits[:, :k].sum(axis=1) / k))


def mean_reciprocal_rank(hits: Hits) -> float:
    """Mean of 1 / rank of the first relevant item; 0 for a query with none in its list."""
    ranks = first_ranks(hits)
    return float(np.mean(np.where(ranks > 0, 1.0 / np.maximum(ranks, 1), 0.0)))


def first_ranks(hits: Hits) -> NDArray[np.int64]:
    """Rank of each query's first relevant item, from 1; 0 where its list has none."""
    return np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, 0).astype(np.int64)


def ndcg_at(hits: Hits, relevant: Counts, k: int) -> float:
    """Mean normalised discounted cumulative gain of the first k, with gains of one (Järvelin, Kekäläinen 2002)."""
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    gained = hits[:, :k] @ discounts[: hits.shape[1]]
    ideal = np.cumsum(discounts)[np.minimum(_at_least_one(relevant), k) - 1]
    return float(np.mean(gained / ideal))


def _at_least_one(relevant: Counts) -> Counts:
    if np.any(relevant < 1):
        raise ValueError("A query without a relevant item in the gallery cannot be judged; leave it out.")
    return relevant
