"""How sure it is that a word fits a picture: a score, `slope * similarity + intercept`, and what the score means.

A value of a facet competes with the others of its facet, of which a product has one. The slope is 1 / TEMPERATURE; the intercept is the
logarithm of the value's share of the products, less that of the mean of `exp(similarity / TEMPERATURE)` over the catalogue's pictures, which takes
from a value what it is near to everything. The confidences of a facet's values are the softmax of their scores.

A word of fashion fits or does not. Slope and intercept are those of a logistic regression on the catalogue itself: how
often do the texts of a product hold the word, given how similar its picture is? So a word that the text encoder does not understand, or the
texts hardly use, is never sure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .vocabulary import Tag

TEMPERATURE = 0.07  # chosen on the validation split; docs/tags.md
PRIOR_SLOPE = 1.0  # of a word, per standard deviation of its similarity, before anything is known
PRIOR_SPREAD = 1.0  # of that slope, and of the intercept around the word's share
STEPS = 25  # of Newton's method, which needs about eight
FURTHEST_STEP = 2.0
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scales:
    """How similarities become scores."""

    slopes: Floats  # (words,)
    intercepts: Floats  # (words,)


def scale(similarities: Floats, told: NDArray[np.bool_], tags: Sequence[Tag]) -> Scales:
    """Find the scales of a vocabulary on pictures drawn from the catalogue.

    Args:
        similarities: (pictures, words).
        told: (pictures, words), whether the texts of the picture's product hold the word; not read for values.
        tags: the words.
    """
    slopes = np.full(len(tags), 1 / TEMPERATURE, dtype=np.float32)
    intercepts = np.zeros(len(tags), dtype=np.float32)
    values = np.array([tag.is_value for tag in tags], dtype=bool)
    shares = np.array([tag.share for tag in tags], dtype=np.float32)
    norms = log_norms(similarities[:, values])
    intercepts[values] = np.log(np.maximum(shares[values], 1e-9)) - norms
    slopes[~values], intercepts[~values] = _regress(similarities[:, ~values], told[:, ~values])
    return Scales(slopes, intercepts)


def log_norms(similarities: Floats) -> Floats:
    """Return the logarithm of each word's mean of `exp(similarity / TEMPERATURE)`.

    Args:
        similarities: (pictures, words).
    """
    if not similarities.size:
        return np.zeros(similarities.shape[1], dtype=np.float32)
    scaled = similarities / TEMPERATURE
    highest = scaled.max(axis=0)
    norms: Floats = highest + np.log(np.exp(scaled - highest).mean(axis=0))
    return norms


def confidences(similarities: Floats, scales: Scales, tags: Sequence[Tag]) -> Floats:
    """Return how sure it is that each word fits each picture, from 0 to 1; those of a facet's values make 1 together.

    Args:
        similarities: (pictures, words).
        scales: of the words.
        tags: the words.
    """
    scores = similarities * scales.slopes + scales.intercepts
    sure: Floats = _logistic(scores).astype(np.float32)
    for kind in {tag.kind for tag in tags if tag.is_value}:
        columns = [place for place, tag in enumerate(tags) if tag.is_value and tag.kind == kind]
        own = scores[:, columns]
        weights = np.exp(own - own.max(axis=1, keepdims=True))
        sure[:, columns] = weights / weights.sum(axis=1, keepdims=True)
    return sure


def _regress(similarities: Floats, told: NDArray[np.bool_]) -> tuple[Doubles, Doubles]:
    """Slope and intercept of each word: the likeliest ones, by Newton's method for all words at once.

    Words of few texts stay near PRIOR_SLOPE and their share. A word to which the pictures of the texts that hold it are no nearer
    than others has no slope, so that its confidence is its share.
    """
    pictures, words = similarities.shape
    if not similarities.size:
        return np.zeros(words), np.full(words, -np.inf)
    means, spreads = similarities.mean(axis=0, dtype=np.float64), similarities.std(axis=0, dtype=np.float64)
    spreads = np.maximum(spreads, 1e-6)
    z = (similarities - means) / spreads
    share = (told.sum(axis=0) + 0.5) / (pictures + 1)
    prior = np.log(share / (1 - share))
    a, b = np.full(words, PRIOR_SLOPE), prior.copy()
    precision = 1 / PRIOR_SPREAD**2
    for _ in range(STEPS):
        p = _logistic(a * z + b)
        error, weight = told - p, p * (1 - p)
        gradient_a = (error * z).sum(axis=0) - precision * (a - PRIOR_SLOPE)
        gradient_b = error.sum(axis=0) - precision * (b - prior)
        aa = (weight * z * z).sum(axis=0) + precision
        ab = (weight * z).sum(axis=0)
        bb = weight.sum(axis=0) + precision
        determinant = aa * bb - ab * ab
        a += np.clip((bb * gradient_a - ab * gradient_b) / determinant, -FURTHEST_STEP, FURTHEST_STEP)
        b += np.clip((aa * gradient_b - ab * gradient_a) / determinant, -FURTHEST_STEP, FURTHEST_STEP)
    backwards = a <= 0
    a[backwards], b[backwards] = 0.0, prior[backwards]
    return a / spreads, b - a * means / spreads


def _logistic(scores: NDArray[np.floating]) -> Doubles:
    sure: Doubles = 1 / (1 + np.exp(-np.clip(scores, -60, 60)))
    return sure
