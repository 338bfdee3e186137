"""How sure it is that a word fits a picture: a score, and what the score means.

Both are fitted on the catalogue itself, by logistic regressions.

A value of a facet competes with the others of its facet, of which a product has one. Its score weighs its similarity, the logarithm of its
share of the products, and how near it is to everything: the mean of `exp(similarity / TEMPERATURE)` over the catalogue's pictures. The
weights are those by which the products that state one value are told best. The confidences of a facet's values are the softmax of their scores.

A word of fashion fits or does not: how often do the texts of a product hold the word, given how similar its picture is, and how usual the word
is for what the picture shows, its likely categories? So a word that the texts hardly use is never sure, and no scarf has sleeves.

A word has no confidence where no fit can be trusted, and that has a reason in words: its fit did not converge, a picture's similarity says
nothing of it, no text uses it, or there is nothing that it competes with. How rare a word is never counts for it, and nothing is surer than
(n + 1) / (n + 2) by n products: the rule of succession.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from ..facets import CATEGORY
from ..regression import Flags, fit_choice, fit_yes_no, log_odds, logistic, softmax
from .vocabulary import Tag

# What is taken for true before anything is known: of a value, the similarity by TEMPERATURE, its share, and its nearness to everything count in
# full; of a word, a standard deviation of similarity adds one to the score, and so does each unit of the log-odds that it is more usual than elsewhere.
TEMPERATURE = 0.07  # docs/tags.md
SMOOTHING = 5.0  # products of a category that are taken to be as usual as all
FLAT = 1e-4  # standard deviation of similarities below which they do not differ
Floats = NDArray[np.float32]

# Why a word has no confidence.
NO_PICTURES = gettext_noop("there is no picture to compare it with")
ALONE = gettext_noop("its facet has no other value")
UNUSED = gettext_noop("no product's texts hold it")
UNRELATED = gettext_noop("the pictures of products that have it are no more similar to it than others")
UNSETTLED = gettext_noop("its fit did not converge")


@dataclass(frozen=True, slots=True)
class Scales:
    """How similarities become scores."""

    slopes: Floats  # (words,), of the similarity; 0 where `untold` has a reason
    intercepts: Floats  # (words,)
    usual: Floats  # (categories, words), the share of a category's products whose texts hold the word
    trusts: Floats  # (words,), of the log-odds that the word is usual, from 0; 0 for values
    ceilings: Floats  # (words,), the highest confidence
    untold: tuple[str, ...]  # (words,), why a word has no confidence, or ""


def scale(similarities: Floats, held: Flags, tags: Sequence[Tag]) -> Scales:
    """Find the scales of a vocabulary on pictures drawn from the catalogue.

    Args:
        similarities: (pictures, words); pictures with one that is not finite are left out.
        held: (pictures, words), whether the picture's product has the value, or its texts hold the word.
        tags: the words.
    """
    finite = np.isfinite(similarities).all(axis=1)
    similarities, held = similarities[finite], held[finite]
    shares = np.log(np.maximum([tag.share for tag in tags], 1e-9))
    scales = Scales(
        slopes=np.zeros(len(tags), dtype=np.float32),
        intercepts=shares.astype(np.float32),
        usual=np.full((max(len(_categories(tags)), 1), len(tags)), 0.5, dtype=np.float32),
        trusts=np.zeros(len(tags), dtype=np.float32),
        ceilings=np.ones(len(tags), dtype=np.float32),
        untold=(NO_PICTURES,) * len(tags),
    )
    if not similarities.size:
        return scales
    untold = np.full(len(tags), "", dtype=object)
    norms = log_norms(similarities)
    for columns in _facets(tags):
        untold[columns] = _scale_values(columns, similarities, held, norms, scales)
    words = np.array([place for place, tag in enumerate(tags) if not tag.is_value], dtype=np.int64)
    if words.size:
        untold[words] = _scale_words(
            words, similarities, held, _shown(_values(similarities, scales, tags), tags), scales
        )
    return Scales(
        scales.slopes, scales.intercepts, scales.usual, scales.trusts, scales.ceilings, tuple(untold.tolist())
    )


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

    It is 0 for words without a confidence, and for pictures with a similarity that is not finite.

    Args:
        similarities: (pictures, words).
        scales: of the words.
        tags: the words.
    """
    finite = np.isfinite(similarities).all(axis=1, keepdims=True)
    similarities = np.where(finite, similarities, np.float32(0))
    sure = _values(similarities, scales, tags)
    words = [place for place, tag in enumerate(tags) if not tag.is_value]
    odds = log_odds(_shown(sure, tags) @ scales.usual[:, words])
    scores = similarities[:, words] * scales.slopes[words] + scales.intercepts[words]
    sure[:, words] = np.minimum(logistic(scores + scales.trusts[words] * odds), scales.ceilings[words])
    told = np.array([not reason for reason in scales.untold], dtype=bool)
    return np.where(finite & told, sure, np.float32(0))


def _values(similarities: Floats, scales: Scales, tags: Sequence[Tag]) -> Floats:
    """How sure each value is, (pictures, words); words are 0. Values that cannot be told have their shares."""
    scores = similarities * scales.slopes + scales.intercepts
    sure: Floats = np.zeros(similarities.shape, dtype=np.float32)
    for columns in _facets(tags):
        sure[:, columns] = softmax(scores[:, columns])
    return sure


def _facets(tags: Sequence[Tag]) -> list[NDArray[np.int64]]:
    """The places of each facet's values."""
    kinds = dict.fromkeys(tag.kind for tag in tags if tag.is_value)
    return [
        np.array([at for at, tag in enumerate(tags) if tag.is_value and tag.kind == kind]) for kind in kinds
    ]


def _categories(tags: Sequence[Tag]) -> list[int]:
    return [place for place, tag in enumerate(tags) if tag.is_value and tag.kind == CATEGORY]


def _shown(sure: Floats, tags: Sequence[Tag]) -> Floats:
    """How sure each category is, (pictures, categories); a catalogue without any is one category."""
    categories = _categories(tags)
    return sure[:, categories] if categories else np.ones((len(sure), 1), dtype=np.float32)


def _scale_values(
    columns: NDArray[np.int64], similarities: Floats, held: Flags, norms: Floats, scales: Scales
) -> str:
    """Find the scales of a facet's values; return why there are none, or ""."""
    if len(columns) < 2:
        return ALONE
    near, having = similarities[:, columns].astype(np.float64), held[:, columns]
    stating = having.sum(axis=1) == 1  # one value: what has several says nothing of which is the right one
    constant = np.stack([scales.intercepts[columns], -norms[columns]], axis=1)
    features = np.stack([near / TEMPERATURE, *np.broadcast_to(constant.T[:, None], (2, *near.shape))], axis=2)
    fit = fit_choice(features[stating], having[stating].argmax(axis=1), np.ones(3), (True, False, False))
    slope, share, norm = fit.weights[0]
    if not fit.converged[0]:
        return UNSETTLED
    if slope <= 0:
        return UNRELATED
    scales.slopes[columns] = slope / TEMPERATURE
    scales.intercepts[columns] = constant @ (share, norm)
    return ""


def _scale_words(
    words: NDArray[np.int64], similarities: Floats, held: Flags, shown: Floats, scales: Scales
) -> list[str]:
    """Find the scales of words; return for each why it has none, or ""."""
    near, holding = similarities[:, words].astype(np.float64), held[:, words]
    supports = holding.sum(axis=0)
    share = (supports + 0.5) / (len(holding) + 1)
    usual = (shown.T @ holding + SMOOTHING * share) / (shown.sum(axis=0)[:, None] + SMOOTHING)
    scales.usual[:, words] = usual
    means, spreads = near.mean(axis=0), near.std(axis=0)
    differing = spreads > FLAT
    spreads = np.where(differing, spreads, 1.0)
    base = log_odds(share)
    odds = log_odds(shown @ usual) - base
    features = np.stack([(near - means) / spreads, odds, np.ones_like(odds)], axis=2)
    ones = np.ones_like(base)
    fit = fit_yes_no(features, holding, np.stack([ones, ones, base], axis=1), (True, False, True))
    slopes, trusts, intercepts = fit.weights.T
    told = fit.converged & (slopes > 0) & differing & (supports > 0)
    scales.slopes[words] = np.where(told, slopes / spreads, 0)
    scales.trusts[words] = np.where(told, trusts, 0)
    scales.intercepts[words] = np.where(told, intercepts - trusts * base - slopes / spreads * means, base)
    scales.ceilings[words] = np.where(told, (supports + 1) / (supports + 2), 0)
    return [_reason(*of_one) for of_one in zip(told, supports > 0, differing, fit.converged, strict=True)]


def _reason(told: bool, used: bool, differing: bool, converged: bool) -> str:
    if told:
        return ""
    if not used:
        return UNUSED
    return UNSETTLED if differing and not converged else UNRELATED
