"""Products of different keys that show the same picture, or nearly: found through the HNSW index, then grouped."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from ..conf import get_settings
from ..models import EntryImage, IndexVersion

NEAREST = 11  # pictures compared with each, itself included: the work grows only with their number
EF_SEARCH = 64
BATCH = 500  # pictures per statement
CHUNK = 20_000  # primary keys per read
SEED = 1


class Neighbour(NamedTuple):
    """Two pictures of different entries that are near each other, with their similarity from -1 to 1."""

    entry_id: int
    other_id: int
    similarity: float
    same_file: bool


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
    if len(pictures) > limit:
        compared = pictures[sorted(Random(SEED).sample(range(len(pictures)), limit))]
    else:
        compared = pictures
    pairs: list[Neighbour] = []
    for start in range(0, len(compared), BATCH):
        report(start / len(compared))
        pairs += neighbours(
            version.pk,
            compared[start : start + BATCH].tolist(),
            dimension=version.dimension,
            nearest=NEAREST,
            similarity=settings.health_duplicate_similarity,
            ef_search=EF_SEARCH,
        )
    return Duplicates(len(pictures), len(compared), tuple(group(pairs)))


def all_pictures(version_id: int) -> NDArray[np.int64]:
    """Return the primary keys of all pictures with an embedding, ascending, shape (n,); read some thousands at a time."""
    pictures = EntryImage.objects.in_version(version_id).filter(embedding__isnull=False).order_by("pk")
    found, after = array("q"), 0
    while part := list(pictures.filter(pk__gt=after).values_list("pk", flat=True)[:CHUNK]):
        found.extend(part)
        after = part[-1]
    return np.array(found, np.int64)


def neighbours(
    version_id: int,
    pictures: Sequence[int],
    *,
    dimension: int,
    nearest: int,
    similarity: float,
    ef_search: int,
) -> list[Neighbour]:
    """Return, for each of the pictures, those of other entries among its nearest, down to a similarity.

    Args:
        version_id: where to look.
        pictures: primary keys of the pictures, a few hundred at a time.
        dimension: of the embeddings.
        nearest: how many pictures are compared with each, itself included.
        similarity: least similarity.
        ef_search: `hnsw.ef_search`, at least `nearest`.
    """
    # The expression and the version's literal number must be those of the HNSW index, or Postgres cannot use it.
    column = f"embedding::halfvec({int(dimension)})"
    statement = f"""
        SELECT one.entry_id, other.entry_id, -other.distance,
            one.picture_hash <> '' AND one.picture_hash = other.picture_hash
        FROM fashion_search_entryimage AS one
        CROSS JOIN LATERAL (
            SELECT entry_id, picture_hash, {column} <#> one.{column} AS distance
            FROM fashion_search_entryimage
            WHERE version_id = {int(version_id)} AND embedding IS NOT NULL
            ORDER BY {column} <#> one.{column}
            LIMIT %s
        ) AS other
        WHERE one.id = ANY(%s) AND other.entry_id <> one.entry_id AND other.distance <= %s
    """  # noqa: S608 - whole numbers
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true), set_config('enable_seqscan', 'off', true),"
            " set_config('enable_sort', 'off', true), set_config('jit', 'off', true)",
            [str(max(ef_search, nearest))],
        )
        cursor.execute(statement, [nearest, list(pictures), -similarity])
        return [Neighbour(*row) for row in cursor.fetchall()]


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
