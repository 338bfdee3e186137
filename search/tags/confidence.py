"""How sure it is that a word fits a picture: a score, and what the score means.

A value of a facet competes with the others of its facet, of which a product has one. Its score is `similarity / TEMPERATURE`, and the
logarithm of the value's share of the products, less that of the mean of `exp(similarity / TEMPERATURE)` over the catalogue's pictures, which takes
from a value what it is near to everything. The confidences of a facet's values are the softmax of their scores.

A word of fashion fits or does not. Its score is that of a logistic regression on the catalogue itself: how often do the texts of a product hold the
word, given how similar its picture is, and how usual the word is for what the picture shows, its likely categories? So a word that the text encoder
does not understand, or the texts hardly use, is never sure, and no scarf has sleeves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..facets import CATEGORY
from .vocabulary import Tag

TEMPERATURE = 0.07  # chosen on the validation split; docs/tags.md
# What is taken for true before anything is known, each with a standard deviation of PRIOR_SPREAD: a standard deviation of similarity adds
# one to the score, and so does each unit of the logarithm of the odds that the word is usual.
PRIOR = (1.0, 1.0, 0.0)
PRIOR_SPREAD = 1.0
SMOOTHING = 5.0  # products of a category that are taken to be as usual as all
STEPS = 15  # of Newton's method, which needs about eight
FURTHEST_STEP = 2.0
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scales:
    """How similarities become scores."""

    slopes: Floats  # (words,), of the similarity
    intercepts: Floats  # (words,)
    usual: Floats  # (categories, words), the share of a category's products whose texts hold the word
    trusts: Floats  # (words,), of the logarithm of the odds that the word is usual; 0 for values


def scale(similarities: Floats, held: NDArray[np.bool_], tags: Sequence[Tag]) -> Scales:
    """Find the scales of a vocabulary on pictures drawn from the catalogue.

    Args:
        similarities: (pictures, words).
        held: (pictures, words), whether the texts of the picture's product hold the word; not read for values.
        tags: the words.
    """
    values = np.array([tag.is_value for tag in tags], dtype=bool)
    shares = np.array([tag.share for tag in tags], dtype=np.float32)
    scales = Scales(
        slopes=np.where(values, np.float32(1 / TEMPERATURE), np.float32(0)),
        intercepts=np.where(values, np.log(np.maximum(shares, 1e-9)) - log_norms(similarities), -np.inf),
        usual=np.full((max(len(_categories(tags)), 1), len(tags)), 0.5, dtype=np.float32),
        trusts=np.zeros(len(tags), dtype=np.float32),
    )
    if not similarities.size or values.all():
        return scales
    shown = _shown(confidences(similarities, scales, tags), tags)
    share = (held.sum(axis=0) + 0.5) / (len(held) + 1)
    usual = (shown.T @ held + SMOOTHING * share) / (shown.sum(axis=0)[:, None] + SMOOTHING)
    scales.usual[:, ~values] = usual[:, ~values]
    odds = _log_odds(shown @ scales.usual)
    fitted = _regress(similarities[:, ~values], odds[:, ~values], held[:, ~values])
    scales.slopes[~values], scales.trusts[~values], scales.intercepts[~values] = fitted
    return scales


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
    sure: Floats = np.zeros(similarities.shape, dtype=np.float32)
    for kind in {tag.kind for tag in tags if tag.is_value}:
        columns = [place for place, tag in enumerate(tags) if tag.is_value and tag.kind == kind]
        own = scores[:, columns]
        weights = np.exp(own - own.max(axis=1, keepdims=True))
        sure[:, columns] = weights / weights.sum(axis=1, keepdims=True)
    words = [place for place, tag in enumerate(tags) if not tag.is_value]
    odds = _log_odds(_shown(sure, tags) @ scales.usual[:, words])
    sure[:, words] = _logistic(scores[:, words] + scales.trusts[words] * odds)
    return sure


def _categories(tags: Sequence[Tag]) -> list[int]:
    return [place for place, tag in enumerate(tags) if tag.is_value and tag.kind == CATEGORY]


def _shown(sure: Floats, tags: Sequence[Tag]) -> Floats:
    """How sure each category is, (pictures, categories); a catalogue without any is one category."""
    categories = _categories(tags)
    return sure[:, categories] if categories else np.ones((len(sure), 1), dtype=np.float32)


def _log_odds(shares: Floats) -> Doubles:
    odds: Doubles = np.log(np.maximum(shares, 1e-6)) - np.log(np.maximum(1 - shares, 1e-6))
    return odds


def _regress(
    similarities: Floats, odds: Doubles, held: NDArray[np.bool_]
) -> tuple[Doubles, Doubles, Doubles]:
    """Slope, trust and intercept of each word: the likeliest ones, by Newton's method for all words at once.

    Words of few texts stay near PRIOR. A word to which the pictures of the texts that hold it are no nearer than
    others has no slope, so that it is as sure as it is usual.
    """
    means, spreads = similarities.mean(axis=0, dtype=np.float64), similarities.std(axis=0, dtype=np.float64)
    spreads = np.maximum(spreads, 1e-6)
    features = np.stack([(similarities - means) / spreads, odds, np.ones_like(odds)], axis=2)
    free = _newton(features, held, np.ones((held.shape[1], 3), dtype=bool))
    backwards = free[:, 0] <= 0
    if backwards.any():
        without = np.broadcast_to(np.array([False, True, True]), (int(backwards.sum()), 3))
        free[backwards] = _newton(features[:, backwards], held[:, backwards], without)
    slopes = free[:, 0] / spreads
    return slopes, free[:, 1], free[:, 2] - slopes * means


def _newton(
    features: NDArray[np.float64], held: NDArray[np.bool_], used: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The likeliest weights (words, 3) of features (pictures, words, 3); those not used are 0."""
    prior = np.where(used, np.array(PRIOR), 0.0)
    weights = prior.copy()
    precision = np.eye(3) / PRIOR_SPREAD**2
    for _ in range(STEPS):
        p = _logistic(np.einsum("nwf,wf->nw", features, weights))
        gradient = np.einsum("nw,nwf->wf", held - p, features) - (weights - prior) / PRIOR_SPREAD**2
        curvature = np.einsum("nw,nwf,nwg->wfg", p * (1 - p), features, features, optimize=True) + precision
        step = np.linalg.solve(curvature, np.where(used, gradient, 0.0)[:, :, None])[:, :, 0]
        weights += np.where(used, np.clip(step, -FURTHEST_STEP, FURTHEST_STEP), 0.0)
    return weights


def _logistic(scores: NDArray[np.floating]) -> Doubles:
    sure: Doubles = 1 / (1 + np.exp(-np.clip(scores, -60, 60)))
    return sure
