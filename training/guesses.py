"""How sure guesses about a photo are: calibrated on the val products of a catalogue, for whose pictures the train products vote."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.encoders.artifact import calibrate
from search.encoders.votes import NEAREST, Calibration, Tally, Values, deepest, fit, judge

from .data import Product
from .evaluation.evaluators import CachedModel, EmbeddingModel, encoded, fingerprint_of, open_model
from .evaluation.polls import KIND, Polls, values_of
from .evaluation.retrieval import DEPTH, Embeddings, nearest
from .evaluation.shopper_photos import read_answers, read_photos

FACETS = ("category", "colour", "pattern", "gender", "usage")
FEWEST = 200  # val products that state a facet; of fewer, it is not calibrated
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9)  # of confidence, that the table has a row for
Table = list[dict[str, float | str]]


def write_calibrations(folder: Path, data: Path, cache: Path, embeddings: Path, photos: Path | None) -> Table:
    """Calibrate an artifact's guesses, write them into its manifest, and return how often they are right.

    Args:
        folder: an artifact folder.
        data: a catalogue folder.
        cache: folder for decoded pictures.
        embeddings: folder where embeddings are cached.
        photos: shopper photos, that guesses are checked on as well.

    Raises:
        ValueError: the catalogue has too few val products.
    """
    model = CachedModel(open_model(folder), fingerprint_of(folder), embeddings)
    products, pictures = encoded(model, data, cache, "all")
    calibrations = calibrations_of(products, pictures)
    if not calibrations:
        raise ValueError(
            f"{data} has fewer than {FEWEST} val products of any facet: nothing can be calibrated."
        )
    calibrate(folder, calibrations)
    table = check_val(products, pictures, calibrations)
    if photos is not None and KIND in calibrations:
        rows, pixels = read_photos(photos, model.spec)
        labels = [row.label for row in rows]
        table += check_photos(products, pictures, calibrations[KIND], labels, model.encode_pixels(pixels))
    return table


def calibrate_model(model: EmbeddingModel, data: Path, cache: Path) -> dict[str, Calibration]:
    """Return the calibration of each facet that enough val products of a catalogue state."""
    return calibrations_of(*encoded(model, data, cache, "all"))


def calibrations_of(products: Sequence[Product], pictures: Embeddings) -> dict[str, Calibration]:
    """Return the calibration of each facet that enough val products state.

    Args:
        products: of a catalogue; those of train vote, those of val are guessed.
        pictures: (len(products), dimension).
    """
    voting = [
        row for row, product in enumerate(products) if product.split == "train" and not product.held_out
    ]
    asked = [row for row, product in enumerate(products) if product.split == "val"]
    if len(voting) < NEAREST or not asked:
        return {}
    polls = Polls([products[row] for row in voting], pictures[voting], pictures[asked])
    calibrations = {}
    for facet in FACETS:
        truths = [values_of(products[row], facet) for row in asked]
        if sum(map(bool, truths)) < FEWEST:
            continue
        judged = [
            one
            for tallies, similarity, truth in zip(polls.tallies(facet), polls.similarity, truths, strict=True)
            if truth
            for one in judge(tallies, similarity, truth)
        ]
        calibrations[facet] = fit(judged)
    return calibrations


# How often guesses are right.


def check_val(
    products: Sequence[Product], pictures: Embeddings, calibrations: Mapping[str, Calibration]
) -> Table:
    """Return how many guesses about the val pictures are said at each confidence, how many of these are right, and P@10 with
    products of the guessed kind first.
    """  # noqa: D205
    voting = [
        row for row, product in enumerate(products) if product.split == "train" and not product.held_out
    ]
    asked = [row for row, product in enumerate(products) if product.split == "val"]
    gallery = [products[row] for row in voting]
    polls = Polls(gallery, pictures[voting], pictures[asked])
    table: Table = []
    for facet, calibration in calibrations.items():
        truths = [values_of(products[row], facet) for row in asked]
        stated = [values_of(product, facet) for product in gallery]
        known = np.array([bool(truth) for truth in truths])
        guesses = Guesses(polls.tallies(facet), polls.similarity, calibration)
        lowest = np.array([values[-1] if values else "" for values in stated])
        wanted = [lowest == (truth[-1] if truth else None) for truth in truths]
        first = FirstTen(stated, pictures[voting], pictures[asked], wanted) if facet == KIND else None
        right = [lambda tally, truth=truth: tally.value in truth for truth in truths]
        table += guesses.rows(f"val, {facet}", known, right, first)
    return table


def check_photos(
    products: Sequence[Product],
    pictures: Embeddings,
    calibration: Calibration,
    labels: Sequence[str],
    photos: Embeddings,
) -> Table:
    """Return the same for the kinds that shopper photos show."""
    voting = [
        row for row, product in enumerate(products) if product.split == "train" and not product.held_out
    ]
    gallery = [products[row] for row in voting]
    polls = Polls(gallery, pictures[voting], photos)
    answers = read_answers()
    fits = {
        label: np.array([getattr(product, column) in values for product in gallery])
        for label, (column, values) in answers.items()
    }
    stated = [values_of(product, KIND) for product in gallery]
    holding = {
        label: {value for values, fit in zip(stated, fits[label], strict=True) if fit for value in values}
        for label in answers
    }
    first = FirstTen(stated, pictures[voting], photos, [fits[label] for label in labels])
    right = [lambda tally, label=label: tally.value in holding[label] for label in labels]
    guesses = Guesses(polls.tallies(KIND), polls.similarity, calibration)
    return guesses.rows(f"shopper photos, {KIND}", np.ones(len(labels), dtype=bool), right, first)


class FirstTen:
    """The first ten products for each of some pictures, with those that have a value before others.

    Args:
        stated: the values of each product of the gallery.
        pictures: (len(stated), dimension).
        asked: (n, dimension).
        wanted: of each of these, which products are right, (len(stated),).
    """

    def __init__(
        self,
        stated: Sequence[Values],
        pictures: Embeddings,
        asked: Embeddings,
        wanted: Sequence[NDArray[np.bool_]],
    ) -> None:
        self.pictures = pictures
        self.asked = asked
        self.wanted = wanted
        self.order = nearest(asked, pictures, DEPTH)
        self._known: dict[tuple[int, str | None], float] = {}
        self.having: dict[str, list[int]] = {}
        for row, values in enumerate(stated):
            for value in values:
                self.having.setdefault(value, []).append(row)

    def precision(self, number: int, value: str | None) -> float:
        """P@10 for one picture; with `value` None, by similarity alone."""
        if (number, value) not in self._known:
            self._known[number, value] = self._precision(number, value)
        return self._known[number, value]

    def _precision(self, number: int, value: str | None) -> float:
        rows = self.order[number]
        if value is not None:
            having = np.array(self.having[value])
            similarities = (self.pictures @ self.asked[number])[having]
            near = having[np.argsort(-similarities, kind="stable")[:DEPTH]]
            rows = np.concatenate([near, rows[~np.isin(rows, near)]])[:DEPTH]
        return float(self.wanted[number][rows].mean())


class Guesses:
    """Guesses about pictures at several confidences.

    Args:
        tallies: what was voted for, of each picture.
        similarity: of the nearest picture, of each.
        calibration: of the facet.
    """

    def __init__(
        self, tallies: Sequence[Sequence[Tally]], similarity: Sequence[float], calibration: Calibration
    ) -> None:
        self.tallies, self.similarity, self.calibration = tallies, similarity, calibration

    def rows(self, name: str, known: NDArray[np.bool_], right: Sequence, first: FirstTen | None) -> Table:
        """Return a row for each confidence; without `first`, those have no P@10."""
        numbers = [int(number) for number in np.flatnonzero(known)]
        table: Table = []
        for least in LEVELS:
            said = {number: self._guess(number, least) for number in numbers}
            hits = [right[number](tally) for number, tally in said.items() if tally]
            row: dict[str, float | str] = {
                "pictures": name,
                "from": least,
                "said": len(hits) / max(len(numbers), 1),
                "right": float(np.mean(hits)) if hits else 0.0,
            }
            if first is not None:
                row["P@10 before"] = float(np.mean([first.precision(number, None) for number in numbers]))
                after = [
                    first.precision(number, tally.value if tally else None) for number, tally in said.items()
                ]
                row["P@10 after"] = float(np.mean(after))
            table.append(row)
        return table

    def _guess(self, number: int, least: float) -> Tally | None:
        similarity = self.similarity[number]
        return deepest(
            self.tallies[number],
            lambda tally: self.calibration.confidence(tally.share, similarity),
            least,
        )


def as_table(table: Table) -> str:
    """Return the rows as text."""
    columns = ("from", "said", "right", "P@10 before", "P@10 after")
    lines = [f"{'pictures':28}" + "".join(f"{column:>13}" for column in columns)]
    for row in table:
        figures = (f"{row[column]:13.3f}" if column in row else f"{'':13}" for column in columns)
        lines.append(f"{row['pictures']:28}" + "".join(figures).rstrip())
    return "\n".join(lines)
