"""The map as a page shows it: where each product lies, what it is coloured by, and the same in words."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..facets import CATEGORY, group_by_facet
from ..models import CatalogueMap, IndexEntry
from ..registry import get_index
from .projection import SIDE, unpack

LEVELS = 3  # of the category, each a colouring of its own
SEVERAL = 0.2  # where more products have several values of a facet, such as sizes, it is no colouring
SHOWN = 250  # values of a colouring at most; the rarest others count as none
NONE = -1
CHUNK = 5000  # products per read

ACROSS = 8  # columns, and as many rows
COMMONEST = 4  # values that are named per cell
EXAMPLES = 3  # products that are named per cell


@dataclass(frozen=True, slots=True)
class Colouring:
    """One thing to colour by: its values, the commonest first, and which of them each product has."""

    name: str
    values: tuple[str, ...]
    counts: tuple[int, ...]
    of: tuple[int, ...]  # index of the value of each product; NONE without one

    def value(self, point: int) -> str:
        """Return a product's value, or ""."""
        return self.values[self.of[point]] if self.of[point] != NONE else ""


@dataclass(frozen=True, slots=True)
class Points:
    """The products of a map that are still in the index, in the order of their entries."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    positions: NDArray[np.int64]  # (n, 2), from 0 to SIDE
    colourings: tuple[Colouring, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what the script of the page reads; names come with the cards."""
        return {
            "side": SIDE,
            "keys": self.keys,
            "x": self.positions[:, 0].tolist(),
            "y": self.positions[:, 1].tolist(),
            "colourings": [
                {"name": one.name, "values": one.values, "counts": one.counts, "of": one.of}
                for one in self.colourings
            ],
        }


def read_points(made: CatalogueMap) -> Points:
    """Return a map's products with their present facets; those that were deleted since are left out.

    Only the entries that lie on the map are read, some thousands at a time.
    """
    entries, positions = unpack(bytes(made.entries), bytes(made.positions))
    keys: list[str] = []
    names: list[str] = []
    present: list[int] = []
    found = _FoundValues(get_index().facets)
    for start in range(0, len(entries), CHUNK):
        wanted = entries[start : start + CHUNK].tolist()
        read = IndexEntry.objects.in_version(made.version_id).among(wanted).order_by()
        rows = {row[0]: row for row in read.values_list("pk", "product_key", "name", "facets")}
        for number, pk in enumerate(wanted, start):
            if pk in rows:
                _, key, name, facets = rows[pk]
                keys.append(key)
                names.append(name)
                present.append(number)
                found.add(facets)
    return Points(
        keys=tuple(keys),
        names=tuple(names),
        positions=positions[present],
        colourings=tuple(found.colourings()),
    )


class _FoundValues:
    """Takes the facets of products one by one, keeps each value once, and gives the colourings.

    Args:
        facets: names of the facets that a product may be coloured by.
    """

    def __init__(self, facets: Iterable[str]) -> None:
        self._known: dict[str, str] = {}
        self._paths: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._lists: dict[str, list[tuple[str, ...]]] = {facet: [] for facet in facets}

    def add(self, tokens: Sequence[str]) -> None:
        """Add one product, given its facet tokens."""
        values = group_by_facet(tokens)
        for facet, lists in self._lists.items():
            # Of a category all levels are needed, of other facets whether there are several values.
            kept = values.get(facet, [])[: None if facet == CATEGORY else 2]
            path = tuple(self._known.setdefault(value, value) for value in kept)
            lists.append(self._paths.setdefault(path, path))

    def colourings(self) -> list[Colouring]:
        """Return what products can be coloured by."""
        found = []
        for facet, lists in self._lists.items():
            if facet == CATEGORY:
                found += _levels(lists)
            elif sum(len(values) > 1 for values in lists) <= SEVERAL * len(lists):
                found.append(_colouring(facet, [values[0] if values else "" for values in lists]))
        return [one for one in found if one.values]


def _levels(paths: Sequence[Sequence[str]]) -> list[Colouring]:
    """The category at each of its first levels, and its last, where products lie at different depths."""
    deepest = min(LEVELS, max(map(len, paths), default=0))
    return [
        _colouring(
            CATEGORY if level == 0 else f"{CATEGORY}, level {level + 1}",
            [path[min(level, len(path) - 1)] if path else "" for path in paths],
        )
        for level in range(deepest)
    ]


def _colouring(name: str, values: Sequence[str]) -> Colouring:
    counted = Counter(value for value in values if value)
    common = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
    index: Mapping[str, int] = {value: number for number, (value, _) in enumerate(common)}
    return Colouring(
        name=name,
        values=tuple(index),
        counts=tuple(count for _, count in common),
        of=tuple(index.get(value, NONE) for value in values),
    )


@dataclass(frozen=True, slots=True)
class Example:
    """A product that a cell is shown by."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One part of the plane; rows and columns are counted from 1, from the top left."""

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
