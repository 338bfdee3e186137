"""Tags of pictures: the catalogue's own values whose texts are nearest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .plane import by_lot
from .subjects import Subject
from .thumbnails import Thumbnails
from .vocabulary import KINDS, values_of

NEAREST = 3


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
    """Tag pictures drawn by lot."""
    shown = []
    values = values_of(subject.products)
    for row in by_lot(len(subject.products), count, seed + 1):
        product = subject.products[row]
        tags = []
        for field, kind in KINDS.items():
            if not values[kind]:
                continue
            near = subject.encode(values[kind]) @ subject.pictures[row]
            order = np.argsort(-near, kind="stable")[:NEAREST]
            own = getattr(product, field)
            nearest = tuple(Tag(values[kind][at], float(near[at]), values[kind][at] == own) for at in order)
            tags.append((kind, own, nearest))
        thumbnail = thumbnails.add(product.id, subject.pixels[row])
        shown.append(Tagged(thumbnail, product.name, tuple(tags)))
    return shown


def first_tag_right(subject: Subject) -> list[tuple[str, int, int, float]]:
    """Return for each kind its number of values, the products that have one, and how often the nearest is it."""
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
