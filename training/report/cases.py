"""Queries with their results: examples chosen by rank, never by hand, and success by category."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..data import Product
from ..evaluation.retrieval import nearest
from .subjects import Subject, Thumbnails


@dataclass(frozen=True, slots=True)
class Ranking:
    """The results of n queries: rows of the gallery, best first."""

    nearest: NDArray[np.int64]  # (n, k) rows of the gallery
    similarity: NDArray[np.float32]  # (n, k) cosine
    relevant: NDArray[np.bool_]  # (n, k)
    first: NDArray[np.int64]  # (n,) rank of the first relevant item, from 1; 0 where the gallery has none
    wanted: NDArray[np.int64]  # (n,) that item's row; -1 where the gallery has none
    wanted_similarity: NDArray[np.float32]  # (n,) its cosine


def rank(
    queries: NDArray[np.float32],
    gallery: NDArray[np.float32],
    is_relevant: Callable[[int], NDArray[np.bool_]],
    *,
    k: int = 10,
    leave_out_self: bool = False,
) -> Ranking:
    """Rank the gallery for each query by cosine.

    Args:
        queries: (n, dimension), unit length.
        gallery: (m, dimension), unit length.
        is_relevant: returns for a query's row which of the m items are relevant, (m,).
        k: length of the result lists.
        leave_out_self: whether query i is item i of the gallery, which is then excluded from its results.
    """
    itself = np.arange(len(queries)) if leave_out_self else None
    rows = nearest(queries, gallery, k, itself=itself)
    relevant = np.zeros(rows.shape, dtype=np.bool_)
    first = np.zeros(len(queries), dtype=np.int64)
    wanted = np.full(len(queries), -1, dtype=np.int64)
    wanted_similarity = np.zeros(len(queries), dtype=np.float32)
    for row, query in enumerate(queries):
        near, right = gallery @ query, is_relevant(row).copy()
        if leave_out_self:
            near[row], right[row] = -np.inf, False
        relevant[row] = right[rows[row]]
        if right.any():
            wanted[row] = int(np.where(right, near, -np.inf).argmax())
            wanted_similarity[row] = near[wanted[row]]
            first[row] = int((near > near[wanted[row]]).sum()) + 1
    similarity = np.einsum("nd,nkd->nk", queries, gallery[rows])
    return Ranking(rows, similarity, relevant, first, wanted, wanted_similarity)


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
    """A query, its first nine results, and the rank of the first relevant one."""

    level: str  # "good", "middle" or "bad"
    query: str
    thumbnail: str  # of a picture query; "" for a text query
    rank: int
    elsewhere: tuple[tuple[str, int], ...]  # label of another subject, and its rank for the same query
    found: tuple[Found, ...]
    missed: Found | None  # the first relevant one, where it is not among the nine


class Answers:
    """A subject's results: of every distinct name for pictures, and of every picture for similar ones."""

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

    Queries of equal rank are in random order; those with nothing relevant in the gallery, rank 0, are left out.
    """
    shuffled = np.random.default_rng(seed).permutation(len(ranks))
    ordered = [int(row) for row in shuffled[np.argsort(ranks[shuffled], kind="stable")] if ranks[row] > 0]
    if len(ordered) < 3 * count:
        count = len(ordered) // 3
    middle = (len(ordered) - count) // 2
    parts = {"good": ordered[:count], "middle": ordered[middle : middle + count]}
    parts["bad"] = ordered[len(ordered) - count :][::-1]
    return [(level, row) for level, rows in parts.items() for row in rows]


def text_cases(
    answers: Answers, others: Sequence[Answers], thumbnails: Thumbnails, *, count: int, seed: int
) -> list[Case]:
    """Choose text queries and return them with their results."""
    cases = []
    for level, row in choose(answers.texts.first, count, seed):
        name = answers.names[row]
        elsewhere = [(other.subject.label, other.text_ranks.get(name, 0)) for other in others]
        cases.append(_case(level, name, "", answers.subject, answers.texts, row, elsewhere, thumbnails))
    return cases


def picture_cases(
    answers: Answers, others: Sequence[Answers], thumbnails: Thumbnails, *, count: int, seed: int
) -> list[Case]:
    """Choose picture queries and return them with the similar items found."""
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


LEAST_QUERIES = 5  # smaller groups are merged, since their shares mean little
FIELDS = {"category": "category", "article_type": "article type"}


@dataclass(frozen=True, slots=True)
class Share:
    """One subject's success in one group."""

    success: float
    instead: tuple[
        tuple[str, int], ...
    ]  # article types at rank 1 where none of the ten is relevant, and how often


@dataclass(frozen=True, slots=True)
class Group:
    """A group of queries, and a share for each subject, None where it has none of these queries."""

    name: str
    queries: int
    shares: tuple[Share | None, ...]


def groups(answers: Sequence[Answers], field: str) -> list[Group]:
    """Group text queries by a field of their product, with the worst mean success first.

    Args:
        answers: the results of each subject; groups are those of the first one's queries.
        field: "category" or "article_type".
    """
    counts = Counter(_value(product, field) for product in answers[0].owner.values())
    small = {name for name, count in counts.items() if count < LEAST_QUERIES}
    title = f"{len(small)} others, each under {LEAST_QUERIES} queries"
    merged = {name: title if name in small else name for name in counts}
    shares = [_shares(one, field, merged) for one in answers]
    totals: Counter[str] = Counter()
    for name, count in counts.items():
        totals[merged[name]] += count
    found = [Group(name, count, tuple(share.get(name) for share in shares)) for name, count in totals.items()]
    return sorted(
        found, key=lambda group: (group.name == title, _mean_success(group), -group.queries, group.name)
    )


def _value(product: object, field: str) -> str:
    return getattr(product, field) or "none"


def _mean_success(group: Group) -> float:
    return float(np.mean([share.success for share in group.shares if share is not None]))


def _shares(answers: Answers, field: str, merged: dict[str, str]) -> dict[str, Share]:
    hits = defaultdict(list)
    instead: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row, name in enumerate(answers.names):
        product = answers.owner[name]
        group = merged.get(_value(product, field))
        if group is None:
            continue
        hit = bool(answers.texts.relevant[row].any())
        hits[group].append(hit)
        if not hit:
            first = answers.subject.products[answers.texts.nearest[row, 0]]
            instead[group][first.article_type] += 1
    return {
        group: Share(float(np.mean(found)), tuple(instead[group].most_common(2)))
        for group, found in hits.items()
    }
