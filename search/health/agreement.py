"""Whose picture and text disagree: similarities far below what is usual in this catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..querysets_health import Agreement

FEWEST = 30  # products that something can be called usual of
# Times the median distance from the median; for a normal distribution that is its standard deviation.
NORMAL = 1.4826
BINS = 40


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What similarities of pictures to their own texts are like, and the products far below."""

    compared: int
    median: float
    deviation: float  # robust: one product in two is nearer to the median than 0.67 of it
    threshold: float | None  # None where nothing can be called usual
    found: tuple[Agreement, ...]  # the least similar first
    bins: tuple[int, ...]  # products by similarity, from `lowest` to `highest`
    lowest: float
    highest: float


def find_disagreeing(agreements: Sequence[Agreement], deviations: float) -> Disagreement:
    """Find the products whose picture and text are less similar than the median by some robust deviations.

    An absolute limit would not do: how similar pictures and texts are depends on the artifact and on how the shop
    writes. Median and median deviation, unlike mean and standard deviation, are not moved by the errors looked for.

    Args:
        agreements: of all products that have both, the least similar first.
        deviations: how many robust deviations below the median a product is told.
    """
    similarities = np.array([each.similarity for each in agreements])
    if not len(similarities):
        return Disagreement(0, 0.0, 0.0, None, (), (), 0.0, 0.0)
    median = float(np.median(similarities))
    deviation = NORMAL * float(np.median(np.abs(similarities - median)))
    usual = len(similarities) >= FEWEST and deviation > 0
    threshold = median - deviations * deviation if usual else None
    found = () if threshold is None else tuple(each for each in agreements if each.similarity < threshold)
    counts, edges = np.histogram(similarities, bins=BINS)
    return Disagreement(
        compared=len(similarities),
        median=median,
        deviation=deviation,
        threshold=threshold,
        found=found,
        bins=tuple(counts.tolist()),
        lowest=float(edges[0]),
        highest=float(edges[-1]),
    )
