"""Rank a gallery for many queries: the nearest items, and the rank of each query's first relevant one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ranking import nearest


@dataclass(frozen=True, slots=True)
class Ranking:
    """What n queries find: rows of the gallery, best first."""

    nearest: NDArray[np.int64]  # (n, k) rows of the gallery
    similarity: NDArray[np.float32]  # (n, k) cosine
    relevant: NDArray[np.bool_]  # (n, k)
    first: NDArray[np.int64]  # (n,) rank of the first relevant item, from 1; 0 where the gallery has none
    wanted: NDArray[np.int64]  # (n,) that item's row; -1 where the gallery has none
    wanted_similarity: NDArray[np.float32]  # (n,) its cosine


def rank(
    queries: NDArray[np.float32],
    gallery: NDArray[np.float32],
    is_relevant: Callable[[int], NDArray[np.bool_]],
    *,
    k: int = 10,
    leave_out_self: bool = False,
) -> Ranking:
    """Rank the gallery for each query by cosine.

    Args:
        queries: (n, dimension), unit length.
        gallery: (m, dimension), unit length.
        is_relevant: gives for a query's row which of the m items are relevant, (m,).
        k: how many of the nearest to keep.
        leave_out_self: whether query i is item i of the gallery, and never found.
    """
    itself = np.arange(len(queries)) if leave_out_self else None
    rows = nearest(queries, gallery, k, itself=itself)
    relevant = np.zeros(rows.shape, dtype=np.bool_)
    first = np.zeros(len(queries), dtype=np.int64)
    wanted = np.full(len(queries), -1, dtype=np.int64)
    wanted_similarity = np.zeros(len(queries), dtype=np.float32)
    for row, query in enumerate(queries):
        near, right = gallery @ query, is_relevant(row).copy()
        if leave_out_self:
            near[row], right[row] = -np.inf, False
        relevant[row] = right[rows[row]]
        if right.any():
            wanted[row] = int(np.where(right, near, -np.inf).argmax())
            wanted_similarity[row] = near[wanted[row]]
            first[row] = int((near > near[wanted[row]]).sum()) + 1
    similarity = np.einsum("nd,nkd->nk", queries, gallery[rows])
    return Ranking(rows, similarity, relevant, first, wanted, wanted_similarity)
