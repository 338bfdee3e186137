"""How sure it is that a word fits a picture, from how near the two are and how common the word is.

An encoder that is trained to tell true pairs from others makes `exp(similarity / TEMPERATURE)` proportional to how much likelier a
picture is among those that the word fits than among all. Divided by its mean over the catalogue's pictures (`norm`) it is that ratio,
and times the word's share of the products it is the probability that the word fits. The division takes from a word what it is near to everything.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .vocabulary import Tag

TEMPERATURE = 0.07  # chosen on the validation split; docs/tags.md
Floats = NDArray[np.float32]


def log_norms(similarities: Floats) -> Floats:
    """Return the logarithm of each word's mean of `exp(similarity / TEMPERATURE)`.

    Args:
        similarities: (pictures, words), of pictures drawn from the catalogue.
    """
    if not len(similarities):
        return np.zeros(similarities.shape[1], dtype=np.float32)
    scaled = similarities / TEMPERATURE
    highest = scaled.max(axis=0)
    norms: Floats = highest + np.log(np.exp(scaled - highest).mean(axis=0))
    return norms


def confidences(similarities: Floats, norms: Floats, tags: Sequence[Tag]) -> Floats:
    """Return how sure it is that each word fits each picture, from 0 to 1.

    Values of one facet share a confidence of 1, because a product has one of them.

    Args:
        similarities: (pictures, words).
        norms: (words,), from `log_norms`.
        tags: the words.
    """
    shares = np.array([tag.share for tag in tags], dtype=np.float32)
    scores = similarities / TEMPERATURE - norms + np.log(np.maximum(shares, 1e-9))
    sure: Floats = np.exp(np.minimum(scores, 0.0))
    for kind in {tag.kind for tag in tags if tag.is_value}:
        columns = [place for place, tag in enumerate(tags) if tag.is_value and tag.kind == kind]
        own = scores[:, columns]
        weights = np.exp(own - own.max(axis=1, keepdims=True))
        sure[:, columns] = weights / weights.sum(axis=1, keepdims=True)
    return sure.astype(np.float32)
