"""Products of different keys that show the same picture, or nearly: found through the HNSW index, then grouped."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from ..conf import get_settings
from ..models import IndexVersion
from .embeddings import Neighbour, all_pictures, neighbours

NEAREST = (
    11  # pictures that are looked at per picture, itself included; so the work grows with the pictures only
)
EF_SEARCH = 64
BATCH = 500  # pictures per statement
SEED = 1


@dataclass(frozen=True, slots=True)
class Member:
    """A product of a group, and how similar its picture is to the nearest other one of the group."""

    entry_id: int
    similarity: float
    same_file: bool  # whether that other one is the very same file


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Groups of products, the surest first."""

    pictures: int
    compared: int
    groups: tuple[tuple[Member, ...], ...]


def find_duplicates(version: IndexVersion, report: Callable[[float], None]) -> Duplicates:
    """Find pictures of different products that are at least HEALTH_DUPLICATE_SIMILARITY alike.

    Args:
        version: whose pictures.
        report: takes how much is done, from 0 to 1.
    """
    settings = get_settings()
    pictures = all_pictures(version.pk)
    limit = settings.health_pictures
    compared = sorted(Random(SEED).sample(pictures, limit)) if len(pictures) > limit else pictures
    pairs: list[Neighbour] = []
    for start in range(0, len(compared), BATCH):
        report(start / len(compared))
        pairs += neighbours(
            version.pk,
            compared[start : start + BATCH],
            dimension=version.dimension,
            nearest=NEAREST,
            similarity=settings.health_duplicate_similarity,
            ef_search=EF_SEARCH,
        )
    return Duplicates(len(pictures), len(compared), tuple(group(pairs)))


def group(pairs: Iterable[Neighbour]) -> list[tuple[Member, ...]]:
    """Join pairs that share a product; groups of the same file come first, then larger ones, then more similar ones."""
    parents: dict[int, int] = {}

    def root(entry: int) -> int:
        parents.setdefault(entry, entry)
        while parents[entry] != entry:
            parents[entry] = parents[parents[entry]]
            entry = parents[entry]
        return entry

    best: dict[int, Member] = {}
    for pair in pairs:
        parents[root(pair.entry_id)] = root(pair.other_id)
        similarity = min(1.0, pair.similarity)  # of half-precision numbers it may come out above 1
        for entry in (pair.entry_id, pair.other_id):
            held = best.get(entry)
            if held is None or (pair.same_file, similarity) > (held.same_file, held.similarity):
                best[entry] = Member(entry, similarity, pair.same_file)
    groups: dict[int, list[Member]] = {}
    for entry in sorted(best):
        groups.setdefault(root(entry), []).append(best[entry])
    return sorted(map(tuple, groups.values()), key=_order)


def _order(members: tuple[Member, ...]) -> tuple[bool, int, float, int]:
    same = all(member.same_file for member in members)
    return (not same, -len(members), -max(member.similarity for member in members), members[0].entry_id)
