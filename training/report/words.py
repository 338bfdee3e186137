"""Similar words: texts of one word that are nearest to each other in the joint space."""

from dataclasses import dataclass

import numpy as np

from .subjects import Subject
from .vocabulary import frequent_words, spread_by_frequency

NEAREST = 6


@dataclass(frozen=True, slots=True)
class Word:
    """A word, how many names hold it, and its nearest words with their cosines."""

    word: str
    count: int
    nearest: tuple[tuple[str, float], ...]


def similar_words(subject: Subject, *, count: int) -> list[Word]:
    """Show the neighbours of words from the most frequent to the rarest of the product names."""
    counts = frequent_words(subject.products)
    if not counts:
        return []
    vocabulary = list(counts)
    embeddings = subject.encode(vocabulary)
    shown = []
    for word in spread_by_frequency(counts, count):
        near = embeddings @ subject.texts[word]
        near[vocabulary.index(word)] = -np.inf
        order = np.argsort(-near, kind="stable")[: min(NEAREST, len(vocabulary) - 1)]
        shown.append(Word(word, counts[word], tuple((vocabulary[at], float(near[at])) for at in order)))
    return shown
