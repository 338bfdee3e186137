"""The map in words: its plane cut into cells, and what lies in each of them."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from .packing import SIDE
from .points import Colouring, Points

ACROSS = 8  # columns, and as many rows
COMMONEST = 4  # values that are named per cell
EXAMPLES = 3  # products that are named per cell


@dataclass(frozen=True, slots=True)
class Example:
    """A product that a cell is shown by."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One part of the plane, counted from the top left, from 1."""

    row: int
    column: int
    products: int
    values: tuple[tuple[str, int], ...]  # the commonest, with their numbers of products
    examples: tuple[Example, ...]  # nearest to the middle of the cell's products


def read_cells(points: Points, colouring: Colouring) -> list[Cell]:
    """Return the cells that hold products, row by row."""
    places = np.minimum(points.positions * ACROSS // (SIDE + 1), ACROSS - 1)
    numbers = places[:, 1] * ACROSS + places[:, 0]
    cells = []
    for number in np.unique(numbers):
        held = np.flatnonzero(numbers == number)
        counted = Counter(filter(None, (colouring.value(int(point)) for point in held)))
        inside = points.positions[held]
        far = ((inside - inside.mean(axis=0)) ** 2).sum(axis=1)
        nearest = held[np.argsort(far, kind="stable")[:EXAMPLES]]
        cells.append(
            Cell(
                row=int(number) // ACROSS + 1,
                column=int(number) % ACROSS + 1,
                products=len(held),
                values=tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:COMMONEST]),
                examples=tuple(Example(points.keys[point], points.names[point]) for point in nearest),
            )
        )
    return cells
