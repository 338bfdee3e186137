"""Words near pictures and near each other: tags of pictures, and similar words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..texts import KINDS, frequent_words, spread_by_frequency, values_of
from .subjects import Subject, Thumbnails, sample_rows

NEAREST_TAGS = 3


@dataclass(frozen=True, slots=True)
class Tag:
    """A value near a picture."""

    value: str
    similarity: float
    right: bool  # the product's own value


@dataclass(frozen=True, slots=True)
class Tagged:
    """A picture, and its nearest values of each kind."""

    thumbnail: str
    name: str
    tags: tuple[tuple[str, str, tuple[Tag, ...]], ...]  # kind, the product's own value, nearest first


def tagged_pictures(subject: Subject, thumbnails: Thumbnails, *, count: int, seed: int) -> list[Tagged]:
    """Tag a random sample of pictures."""
    shown = []
    values = values_of(subject.products)
    for row in sample_rows(len(subject.products), count, seed + 1):
        product = subject.products[row]
        tags = []
        for field, kind in KINDS.items():
            if not values[kind]:
                continue
            near = subject.encode(values[kind]) @ subject.pictures[row]
            order = np.argsort(-near, kind="stable")[:NEAREST_TAGS]
            own = getattr(product, field)
            nearest = tuple(Tag(values[kind][at], float(near[at]), values[kind][at] == own) for at in order)
            tags.append((kind, own, nearest))
        thumbnail = thumbnails.add(product.id, subject.pixels[row])
        shown.append(Tagged(thumbnail, product.name, tuple(tags)))
    return shown


def first_tag_right(subject: Subject) -> list[tuple[str, int, int, float]]:
    """Return for each kind its number of values, how many products have one, and the share for which it is the nearest."""
    rows = []
    for field, kind in KINDS.items():
        values = values_of(subject.products)[kind]
        own: Sequence[str] = [getattr(product, field) for product in subject.products]
        known = np.array([bool(value) for value in own])
        if not values:
            continue
        nearest = (subject.pictures @ subject.encode(values).T).argmax(axis=1)
        right = np.array([values[at] == value for at, value in zip(nearest, own, strict=True)])
        rows.append((kind, len(values), int(known.sum()), float(right[known].mean())))
    return rows


NEAREST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Word:
    """A word, how many names contain it, and its nearest words with their cosines."""

    word: str
    count: int
    nearest: tuple[tuple[str, float], ...]


def similar_words(subject: Subject, *, count: int) -> list[Word]:
    """Return words of the product names, from the most frequent to the rarest, with their neighbours."""
    counts = frequent_words(subject.products)
    if not counts:
        return []
    vocabulary = list(counts)
    embeddings = subject.encode(vocabulary)
    shown = []
    for word in spread_by_frequency(counts, count):
        near = embeddings @ subject.texts[word]
        near[vocabulary.index(word)] = -np.inf
        order = np.argsort(-near, kind="stable")[: min(NEAREST_WORDS, len(vocabulary) - 1)]
        shown.append(Word(word, counts[word], tuple((vocabulary[at], float(near[at])) for at in order)))
    return shown
