"""Where names find their pictures and where not: success@10 by category and by article type."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .cases import Answers

LEAST_QUERIES = 5  # below, a share says nothing; such groups are shown together
FIELDS = {"category": "category", "article_type": "article type"}


@dataclass(frozen=True, slots=True)
class Share:
    """One subject's success in one group."""

    success: float
    instead: tuple[tuple[str, int], ...]  # article types found first where all ten missed, and how often


@dataclass(frozen=True, slots=True)
class Group:
    """A group of queries; a share for each subject, None where it was not asked any of them."""

    name: str
    queries: int
    shares: tuple[Share | None, ...]


def groups(answers: Sequence[Answers], field: str) -> list[Group]:
    """Group text queries by a field of the product asked for, the worst mean success first.

    Args:
        answers: of each subject; the first one's queries count.
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
    return sorted(found, key=lambda group: (group.name == title, _mean(group), -group.queries, group.name))


def _value(product: object, field: str) -> str:
    return getattr(product, field) or "none"


def _mean(group: Group) -> float:
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
