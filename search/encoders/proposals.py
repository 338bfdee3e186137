"""Which parts of a photo may be pieces of their own, seen in the image encoder's last feature map.

Each cell of the map has an embedding. A window of cells that are like each other, and unlike those around the window, is a candidate: a jacket
on a bed, and the shoes beside it.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, top, right and bottom, from 0 to 1
Values = NDArray[np.float32]

FEWEST = 2  # cells of a window's side
GROWTH = 0.4  # power of a window's cells by which its contrast is multiplied: a large piece says more than a button
SAME = 0.5  # boxes that share so much of what they cover together are one
APART = 0.25  # of a side of the photo, by which the middles of two boxes differ: each gets a dot that can be touched


class _Windows(NamedTuple):
    boxes: tuple[Box, ...]
    inside: Values  # (windows, cells), rows sum to 1
    around: Values  # likewise, of the cells that touch the window from outside
    sizes: Values  # (windows,), in cells


def candidates(cells: Values, most: int) -> list[Box]:
    """Return boxes of a photo that may show a piece of their own, those that stand out most first.

    Args:
        cells: (rows, columns, dimension), embeddings of unit length.
        most: boxes to return.
    """
    windows = _windows(*cells.shape[:2])
    flat = cells.reshape(-1, cells.shape[-1])
    inside, around = windows.inside @ flat, windows.around @ flat
    contrast = ((inside - around) * inside).sum(axis=1) * windows.sizes**GROWTH
    return distinct([windows.boxes[window] for window in np.argsort(-contrast, kind="stable")], most)


def distinct(boxes: list[Box], most: int) -> list[Box]:
    """Return the first boxes, without those that are nearly the same as one before them, or have nearly the same middle."""
    kept: list[Box] = []
    for box in boxes:
        if len(kept) == most:
            break
        if all(overlap(box, other) < SAME and _apart(box, other) >= APART for other in kept):
            kept.append(box)
    return kept


def overlap(one: Box, other: Box) -> float:
    """Return the intersection of two boxes over their union, from 0 to 1."""
    width = max(min(one[2], other[2]) - max(one[0], other[0]), 0.0)
    height = max(min(one[3], other[3]) - max(one[1], other[1]), 0.0)
    return width * height / (_area(one) + _area(other) - width * height)


def _apart(one: Box, other: Box) -> float:
    across = abs(one[0] + one[2] - other[0] - other[2]) / 2
    down = abs(one[1] + one[3] - other[1] - other[3]) / 2
    return max(across, down)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


@lru_cache(maxsize=4)
def _windows(rows: int, columns: int) -> _Windows:
    boxes, inside, around, sizes = [], [], [], []
    for top, bottom in _spans(rows):
        for left, right in _spans(columns):
            size = (bottom - top) * (right - left)
            if size == rows * columns:
                continue
            window = np.zeros((rows, columns), dtype=np.float32)
            window[top:bottom, left:right] = 1.0
            ring = np.zeros_like(window)
            ring[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1] = 1.0
            ring -= window
            boxes.append((left / columns, top / rows, right / columns, bottom / rows))
            inside.append((window / size).ravel())
            around.append((ring / ring.sum()).ravel())
            sizes.append(size)
    count = (len(boxes), rows * columns)
    return _Windows(
        tuple(boxes),
        np.array(inside, dtype=np.float32).reshape(count),
        np.array(around, dtype=np.float32).reshape(count),
        np.array(sizes, dtype=np.float32),
    )


def _spans(cells: int) -> list[tuple[int, int]]:
    return [(first, last) for first in range(cells) for last in range(first + FEWEST, cells + 1)]
