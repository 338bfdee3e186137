"""What a picture shows, by a vote of the pictures nearest to it, and how sure that is.

Each of the nearest pictures votes for the values of its product, with a weight that falls with its distance. A value that many products
have finds voters by chance; its votes count less. Values of a tree pass their votes on to all that lie above them. How often a value is
right that got such a share of the votes is learned on pictures that the catalogue's own products do not include (`fit`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import NamedTuple

import numpy as np

from ..regression import fit_yes_no, logistic

NEAREST = 50  # pictures that vote
TEMPERATURE = 0.05  # a picture that is less similar by so much weighs less by a factor of e
COMMONNESS = 0.3  # votes are divided by this power of a value's share of the products
LEAST_SHARE = 0.01  # of the votes; what has less, or lacks less of all, counts as if it had this
# What is taken for true before anything is known: the odds are those of the votes.
PRIOR = (1.0, 0.0, 0.0)
PRIOR_SPREAD = 10.0

Values = tuple[str, ...]  # values from a root on; a value of no tree stands alone


class Voter(NamedTuple):
    """One of the nearest pictures."""

    similarity: float
    paths: Sequence[Values]  # the values of its product


@dataclass(frozen=True, slots=True)
class Tally:
    """What a value got."""

    path: Values
    share: float  # of the votes, from 0 to 1

    @property
    def value(self) -> str:
        """The value."""
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure the votes of one facet are: the weights of a logistic regression."""

    share: float  # of the logarithm of the odds of a value's share
    similarity: float  # of the similarity of the nearest picture
    constant: float

    def confidence(self, share: float, similarity: float) -> float:
        """Return how likely a value is right, from 0 to 1.

        Args:
            share: of the votes, that it got.
            similarity: of the nearest picture.
        """
        score = self.share * _odds(share) + self.similarity * similarity + self.constant
        return float(logistic(np.array([score]))[0])


class Judged(NamedTuple):
    """A guess of which is known whether it is right."""

    share: float
    similarity: float
    right: bool


def count_votes(voters: Sequence[Voter], shares: Mapping[str, float]) -> list[Tally]:
    """Return the values that were voted for, by their share of the votes, at equal shares those below before those above.

    Args:
        voters: the nearest pictures, in any order; one whose product has no value does not vote.
        shares: how many of the products have each value; one that is missing counts as a value of all.
    """
    voters = [voter for voter in voters if any(voter.paths)]
    if not voters:
        return []
    nearest = max(voter.similarity for voter in voters)
    votes: Counter[str] = Counter()
    found: dict[str, Values] = {}
    total = 0.0
    for voter in voters:
        weight = exp((voter.similarity - nearest) / TEMPERATURE) / len(voter.paths)
        for path in filter(None, voter.paths):
            vote = weight / max(shares.get(path[-1], 1.0), 1e-6) ** COMMONNESS
            total += vote
            for depth, value in enumerate(path, start=1):
                votes[value] += vote
                found.setdefault(value, path[:depth])
    tallies = [Tally(found[value], vote / total) for value, vote in votes.items()]
    return sorted(tallies, key=lambda tally: (-round(tally.share, 6), -len(tally.path), tally.value))


def share_of(values: Sequence[str], shares: Mapping[str, float]) -> float:
    """Return how far a product is what was voted for, from 0 to 1: the mean share of its values.

    Args:
        values: of the product, in one facet; of a tree, with those above them.
        shares: of the votes, by value; one without votes may be missing.
    """
    return sum(shares.get(value, 0.0) for value in values) / len(values) if values else 0.0


def deepest(tallies: Sequence[Tally], confidence: Callable[[Tally], float], least: float) -> Tally | None:
    """Return the deepest value that is likely enough, of several the likeliest; None where none is.

    Args:
        tallies: from `count_votes`.
        confidence: how likely each of them is right.
        least: confidence that it must have.
    """
    sure = [tally for tally in tallies if confidence(tally) >= least]
    return max(sure, key=lambda tally: (len(tally.path), tally.share), default=None)


def fit(judged: Iterable[Judged]) -> Calibration:
    """Return the calibration by which guesses are as often right as they are sure.

    Args:
        judged: guesses about pictures that are not in the catalogue.

    Raises:
        ValueError: the fit does not converge.
    """
    rows = list(judged)
    similarity = np.array([one.similarity for one in rows])
    mean, spread = float(similarity.mean()), max(float(similarity.std()), 1e-6)
    odds = np.array([_odds(one.share) for one in rows])
    features = np.stack([odds, (similarity - mean) / spread, np.ones_like(odds)], axis=1)[:, None, :]
    held = np.array([[one.right] for one in rows])
    fitted = fit_yes_no(features, held, np.array([PRIOR]), (False, False, True), spread=PRIOR_SPREAD)
    if not fitted.converged.all():
        raise ValueError("The guesses differ so much from each other that no calibration fits them.")
    weights = fitted.weights[0]
    slope = float(weights[1]) / spread
    constant = float(weights[2]) - slope * mean
    return Calibration(round(float(weights[0]), 4), round(slope, 4), round(constant, 4))


def judge(tallies: Sequence[Tally], similarity: float, path: Values) -> list[Judged]:
    """Return the likeliest value of each level, and whether it is right.

    Args:
        tallies: from `count_votes`.
        similarity: of the nearest picture.
        path: the values of the picture's own product.
    """
    best: dict[int, Tally] = {}
    for tally in tallies:
        best.setdefault(len(tally.path), tally)
    return [Judged(tally.share, similarity, tally.value in path) for tally in best.values()]


def _odds(share: float) -> float:
    kept = min(max(share, LEAST_SHARE), 1 - LEAST_SHARE)
    return log(kept / (1 - kept))
