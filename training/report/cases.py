"""Queries with what they found, chosen by the rank of the first relevant item and never by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..data import Product
from .ranking import Ranking, rank
from .subjects import Subject
from .thumbnails import Thumbnails

SHOWN = 9


@dataclass(frozen=True, slots=True)
class Found:
    """One picture of a result list."""

    thumbnail: str
    name: str
    similarity: float
    relevant: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A query, its first nine results, and where the first relevant one stands."""

    level: str  # "good", "middle" or "bad"
    query: str
    thumbnail: str  # of a picture query; "" for a text query
    rank: int
    elsewhere: tuple[tuple[str, int], ...]  # label of another subject, and its rank for the same query
    found: tuple[Found, ...]
    missed: Found | None  # the first relevant one, where it is not among the nine


class Answers:
    """What a subject answers: every distinct name asked for pictures, and every picture for similar ones."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.names = list(dict.fromkeys(product.name for product in subject.products))
        self.owner: dict[str, Product] = {}
        for product in subject.products:
            self.owner.setdefault(product.name, product)

    @cached_property
    def texts(self) -> Ranking:
        """Names against pictures; every product of the identical name is relevant."""
        numbers = {name: number for number, name in enumerate(self.names)}
        owned = np.array([numbers[product.name] for product in self.subject.products])
        queries = self.subject.encode(self.names)
        return rank(queries, self.subject.pictures, lambda row: owned == row)

    @cached_property
    def pictures(self) -> Ranking:
        """Pictures against the others; the same article type in the same colour is relevant."""
        kinds = [(product.article_type, product.colour) for product in self.subject.products]
        numbers = {kind: number for number, kind in enumerate(dict.fromkeys(kinds))}
        kind = np.array([numbers[pair] for pair in kinds])
        pictures = self.subject.pictures
        return rank(pictures, pictures, lambda row: kind == kind[row], leave_out_self=True)

    @cached_property
    def text_ranks(self) -> dict[str, int]:
        """The rank of the first relevant picture, by name."""
        return dict(zip(self.names, self.texts.first.tolist(), strict=True))

    @cached_property
    def picture_ranks(self) -> dict[str, int]:
        """The rank of the first relevant other picture, by product id."""
        ids = [product.id for product in self.subject.products]
        return dict(zip(ids, self.pictures.first.tolist(), strict=True))


def choose(ranks: NDArray[np.int64], count: int, seed: int) -> list[tuple[str, int]]:
    """Return `count` queries each of the best, the middle and the worst ranks, as level and row.

    Queries of equal rank are drawn by lot; those with nothing relevant in the gallery, rank 0, are left out.
    """
    lot = np.random.default_rng(seed).permutation(len(ranks))
    ordered = [int(row) for row in lot[np.argsort(ranks[lot], kind="stable")] if ranks[row] > 0]
    if len(ordered) < 3 * count:
        count = len(ordered) // 3
    middle = (len(ordered) - count) // 2
    parts = {"good": ordered[:count], "middle": ordered[middle : middle + count]}
    parts["bad"] = ordered[len(ordered) - count :][::-1]
    return [(level, row) for level, rows in parts.items() for row in rows]


def text_cases(
    answers: Answers, others: Sequence[Answers], thumbnails: Thumbnails, *, count: int, seed: int
) -> list[Case]:
    """Choose text queries and show what they found."""
    cases = []
    for level, row in choose(answers.texts.first, count, seed):
        name = answers.names[row]
        elsewhere = [(other.subject.label, other.text_ranks.get(name, 0)) for other in others]
        cases.append(_case(level, name, "", answers.subject, answers.texts, row, elsewhere, thumbnails))
    return cases


def picture_cases(
    answers: Answers, others: Sequence[Answers], thumbnails: Thumbnails, *, count: int, seed: int
) -> list[Case]:
    """Choose picture queries and show the similar items they found."""
    cases, subject = [], answers.subject
    for level, row in choose(answers.pictures.first, count, seed):
        product = subject.products[row]
        thumbnail = thumbnails.add(product.id, subject.pixels[row])
        elsewhere = [(other.subject.label, other.picture_ranks.get(product.id, 0)) for other in others]
        query = f"{product.colour} {product.article_type}"
        cases.append(_case(level, query, thumbnail, subject, answers.pictures, row, elsewhere, thumbnails))
    return cases


def _case(
    level: str,
    query: str,
    thumbnail: str,
    subject: Subject,
    ranking: Ranking,
    row: int,
    elsewhere: Sequence[tuple[str, int]],
    thumbnails: Thumbnails,
) -> Case:
    def found(item: int, similarity: float, relevant: bool) -> Found:
        product = subject.products[item]
        return Found(
            thumbnails.add(product.id, subject.pixels[item]), product.name, float(similarity), bool(relevant)
        )

    nearest = zip(ranking.nearest[row], ranking.similarity[row], ranking.relevant[row], strict=True)
    shown = tuple(found(*entry) for entry in nearest)[:SHOWN]
    missed = None
    if not any(entry.relevant for entry in shown):
        missed = found(int(ranking.wanted[row]), ranking.wanted_similarity[row], True)
    known = tuple((label, place) for label, place in elsewhere if place)
    return Case(level, query, thumbnail, int(ranking.first[row]), known, shown, missed)
