"""What the page draws: where each product lies, and what it is coloured by."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..conf import get_settings
from ..exceptions import MapError
from ..facets import CATEGORY, group_by_facet
from ..models import CatalogueMap, IndexEntry, IndexVersion
from ..registry import get_index
from .embeddings import first_pictures, read_embeddings
from .jobs import Report
from .projection import COMPONENTS, SEED, perplexity_of, project

# Positions in few bytes: on a square of SIDE steps, in which the longer side of the map is filled.


SIDE = 65_535  # steps; two bytes


def pack(entries: NDArray[np.int64], positions: NDArray[np.float32]) -> tuple[bytes, bytes]:
    """Return entries and positions, shapes (n,) and (n, 2), as bytes, little-endian on every machine."""
    lowest, highest = positions.min(axis=0), positions.max(axis=0)
    length = float((highest - lowest).max()) or 1.0
    middle = (lowest + highest) / 2
    steps = np.rint(((positions - middle) / length + 0.5) * SIDE).clip(0, SIDE)
    return entries.astype("<i8").tobytes(), steps.astype("<u2").tobytes()


def unpack(entries: bytes, positions: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return entries, shape (n,), and positions in steps from 0 to SIDE, shape (n, 2)."""
    return (
        np.frombuffer(entries, dtype="<i8").astype(np.int64),
        np.frombuffer(positions, dtype="<u2").reshape(-1, 2).astype(np.int64),
    )


LEVELS = 3  # of the category, each a colouring of its own
SEVERAL = 0.2  # a facet of which more products have several values, such as sizes, tells nothing as a colour
SHOWN = 250  # values of a colouring at most; the rarest others count as none
NONE = -1


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
    """Return a map's products with their present facets; those that were deleted since are left out."""
    entries, positions = unpack(bytes(made.entries), bytes(made.positions))
    rows = {
        pk: (key, name, facets)
        for pk, key, name, facets in IndexEntry.objects.filter(version_id=made.version_id)
        .order_by()
        .values_list("pk", "product_key", "name", "facets")
    }
    present = [number for number, pk in enumerate(entries.tolist()) if pk in rows]
    found = [rows[int(entries[number])] for number in present]
    return Points(
        keys=tuple(key for key, _, _ in found),
        names=tuple(name for _, name, _ in found),
        positions=positions[present],
        colourings=tuple(_colourings([facets for _, _, facets in found])),
    )


def _colourings(tokens: Sequence[Sequence[str]]) -> list[Colouring]:
    products = [group_by_facet(each) for each in tokens]
    found = []
    for facet in get_index().facets:
        lists = [product.get(facet, []) for product in products]
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


# The map in words: its plane cut into cells, and what lies in each of them.


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


# Make the map of a version: read pictures' embeddings, project them, pack the positions.


CHUNK = 5000  # pictures per read
READ_SHARE = 0.05  # of the time, about; the rest is t-SNE


def make_map(version: IndexVersion, report: Report) -> dict[str, Any]:
    """Return the fields of a version's map; each product lies where its first picture belongs.

    Raises:
        MapError: there are no pictures, or the library for t-SNE is not installed.
    """
    available = first_pictures(version.pk)
    if not available:
        raise MapError("No product has a picture with an embedding yet: build the index first.")
    limit = get_settings().map_products
    drawn = sorted(Random(SEED).sample(available, limit)) if len(available) > limit else available
    parts = []
    for start in range(0, len(drawn), CHUNK):
        report("reading pictures' embeddings", READ_SHARE * start / len(drawn))
        parts.append(read_embeddings(drawn[start : start + CHUNK], version.dimension))
    entries = np.concatenate([entries for entries, _ in parts])
    embeddings = np.concatenate([embeddings for _, embeddings in parts])
    if not len(entries):
        raise MapError("All products were deleted while they were read.")
    report("finding neighbours", READ_SHARE)
    positions = project(
        embeddings,
        lambda share: report("laying products out", READ_SHARE + (1 - READ_SHARE) * share),
    )
    packed_entries, packed_positions = pack(entries, positions)
    return {
        "entries": packed_entries,
        "positions": packed_positions,
        "mapped": len(entries),
        "available": len(available),
        "seed": SEED,
        "parameters": {
            "method": "t-SNE",
            "components": COMPONENTS,
            "perplexity": round(perplexity_of(len(entries)), 1),
        },
    }
