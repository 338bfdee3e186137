"""Check the health of a version's catalogue: what its products lack, and which of them look wrong."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import starmap
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from ..conf import get_settings
from ..facets import CATEGORY, prefix_of
from ..models import CatalogueHealth, HealthFinding, IndexEntry, IndexVersion
from .duplicates import Duplicates, find_duplicates
from .jobs import Report

FEWEST = 30  # products; of fewer, no similarity can be called usual
# Times the median distance from the median; for a normal distribution that is its standard deviation.
NORMAL = 1.4826
BINS = 40
CHUNK = 5000  # entries per statement
GROUPS = 500  # groups of duplicates whose products are looked up at a time
SHARE = 0.9  # of the time, about, that pictures are compared

Kind = HealthFinding.Kind

# What an entry has that lacks nothing. Descriptions are the words of least weight in its document.
_PRESENT = {
    Kind.NO_PICTURE: "EXISTS (SELECT FROM fashion_search_entryimage AS image WHERE image.entry_id = entry.id)",
    Kind.NO_DESCRIPTION: "ts_filter(entry.document, '{c}') <> ''::tsvector",
    Kind.NO_CATEGORY: "EXISTS (SELECT FROM unnest(entry.facets) AS token"
    f" WHERE starts_with(token, '{prefix_of(CATEGORY)}'))",
    Kind.NO_PRICE: "entry.price IS NOT NULL",
}


# Those of entries without a picture are there, too, so that the next part begins behind them.
_AGREEMENTS = """
SELECT entry.id, max(-(image.embedding <#> entry.text_embedding))
FROM (
    SELECT id, text_embedding FROM fashion_search_indexentry
    WHERE version_id = %s AND id > %s AND text_embedding IS NOT NULL
    ORDER BY id LIMIT %s
) AS entry
LEFT JOIN fashion_search_entryimage AS image ON image.entry_id = entry.id AND image.embedding IS NOT NULL
GROUP BY entry.id ORDER BY entry.id
"""


class Agreement(NamedTuple):
    """An entry and the similarity of its best picture to its text, from -1 to 1."""

    entry_id: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Agreements:
    """The agreements of a whole catalogue, the least similar first, equal ones by their entries."""

    entries: NDArray[np.int64]  # (n,)
    similarities: NDArray[np.float64]  # (n,)

    @classmethod
    def of(cls, entries: NDArray[np.int64], similarities: NDArray[np.float64]) -> "Agreements":
        """Sort entries by their similarities."""
        order = np.lexsort((entries, similarities))
        return cls(entries[order], similarities[order])


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What similarities of pictures to their own texts are like, and the products far below."""

    compared: int
    median: float
    deviation: float  # robust: one product in two is nearer to the median than 0.67 of it
    threshold: float | None  # None where nothing can be called usual
    found: tuple[Agreement, ...]  # the least similar first
    bins: tuple[int, ...]  # products by similarity, from `lowest` to `highest`
    lowest: float
    highest: float


def check_health(version: IndexVersion, report: Report) -> dict[str, Any]:
    """Keep what a version's products lack and which of them look wrong; return the figures for its row."""
    settings = get_settings()
    limit = settings.health_findings
    duplicates = find_duplicates(
        version, lambda share: report(gettext_noop("comparing pictures"), SHARE * share)
    )
    report(gettext_noop("comparing pictures with texts"), SHARE)
    disagreement = find_disagreeing(agreements(version.pk), settings.health_deviations)
    report(gettext_noop("looking for what is missing"), SHARE + 0.05)
    counts: dict[str, int] = {
        Kind.DISAGREE: len(disagreement.found),
        Kind.DUPLICATE: sum(map(len, duplicates.groups)),
    }
    found = list(_disagreeing(disagreement, limit)) + list(_duplicates(duplicates, limit))
    counts[Kind.BROKEN], broken = failed(version.pk, limit)
    found += [
        HealthFinding(kind=Kind.BROKEN, rank=rank, product_key=key, detail=error)
        for rank, (key, error) in enumerate(broken)
    ]
    for kind in _PRESENT:
        counts[kind], keys = lacking(version.pk, kind, limit)
        found += [HealthFinding(kind=kind, rank=rank, product_key=key) for rank, key in enumerate(keys)]
    report("writing", SHARE + 0.08)
    _write(version, found)
    return {
        "figures": {
            "products": IndexEntry.objects.filter(version=version).count(),
            "counts": counts,
            "kept": limit,
            "disagree": {
                "compared": disagreement.compared,
                "median": disagreement.median,
                "deviation": disagreement.deviation,
                "deviations": settings.health_deviations,
                "threshold": disagreement.threshold,
                "bins": disagreement.bins,
                "lowest": disagreement.lowest,
                "highest": disagreement.highest,
            },
            "duplicate": {
                "pictures": duplicates.pictures,
                "compared": duplicates.compared,
                "groups": len(duplicates.groups),
                "similarity": settings.health_duplicate_similarity,
            },
        }
    }


def _disagreeing(disagreement: Disagreement, limit: int) -> Iterator[HealthFinding]:
    kept = disagreement.found[:limit]
    keys = _keys(each.entry_id for each in kept)
    present = [each for each in kept if each.entry_id in keys]
    for rank, each in enumerate(present):
        yield HealthFinding(
            kind=Kind.DISAGREE, rank=rank, product_key=keys[each.entry_id], similarity=each.similarity
        )


def _duplicates(duplicates: Duplicates, limit: int) -> Iterator[HealthFinding]:
    """Whole groups, as long as no more than `limit` products are in them."""
    rank = 0
    for start in range(0, len(duplicates.groups), GROUPS):
        groups = duplicates.groups[start : start + GROUPS]
        keys = _keys(member.entry_id for members in groups for member in members)
        for number, members in enumerate(groups, start):
            if rank and rank + len(members) > limit:
                return
            for member in members:
                if member.entry_id in keys:
                    yield HealthFinding(
                        kind=Kind.DUPLICATE,
                        rank=rank,
                        group=number,
                        product_key=keys[member.entry_id],
                        similarity=member.similarity,
                        detail="the same file" if member.same_file else "",
                    )
                    rank += 1


def _keys(entries: Iterable[int]) -> dict[int, str]:
    return dict(IndexEntry.objects.filter(pk__in=list(entries)).order_by().values_list("pk", "product_key"))


def _write(version: IndexVersion, found: list[HealthFinding]) -> None:
    """Replace what is kept, in one step, so that a page never shows half of it."""
    with transaction.atomic():
        # The version may have been deleted meanwhile; locked, it stays until this is written.
        health = CatalogueHealth.objects.select_for_update().filter(version=version).first()
        if health is None:
            return
        HealthFinding.objects.filter(health=health).delete()
        for finding in found:
            finding.health = health
        HealthFinding.objects.bulk_create(found, batch_size=1000)


def agreements(version_id: int) -> Agreements:
    """Return every entry with a picture and a text embedding, and how similar the best picture is to the text.

    Entries are read some thousands at a time, each in a statement of its own.
    """
    numbers, similarities = array("q"), array("d")
    after = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_AGREEMENTS, [version_id, after, CHUNK])
            rows = cursor.fetchall()
            for number, similarity in rows:
                if similarity is not None:
                    numbers.append(number)
                    similarities.append(similarity)
            if len(rows) < CHUNK:
                break
            after = rows[-1][0]
    return Agreements.of(np.array(numbers, np.int64), np.array(similarities, np.float64))


def find_disagreeing(agreements: Agreements, deviations: float) -> Disagreement:
    """Find the products whose picture and text are less similar than the median by some robust deviations.

    An absolute limit would not do: how similar pictures and texts are depends on the artifact and on how the shop
    writes. Median and median deviation, unlike mean and standard deviation, are not moved by the errors looked for.

    Args:
        agreements: of all products that have both.
        deviations: how many robust deviations below the median a product lies to be found.
    """
    similarities = agreements.similarities
    if not len(similarities):
        return Disagreement(0, 0.0, 0.0, None, (), (), 0.0, 0.0)
    median = float(np.median(similarities))
    deviation = NORMAL * float(np.median(np.abs(similarities - median)))
    usual = len(similarities) >= FEWEST and deviation > 0
    threshold = median - deviations * deviation if usual else None
    below = 0 if threshold is None else int(np.searchsorted(similarities, threshold))
    found = zip(agreements.entries[:below].tolist(), similarities[:below].tolist(), strict=True)
    counts, edges = np.histogram(similarities, bins=BINS)
    return Disagreement(
        compared=len(similarities),
        median=median,
        deviation=deviation,
        threshold=threshold,
        found=tuple(starmap(Agreement, found)),
        bins=tuple(counts.tolist()),
        lowest=float(edges[0]),
        highest=float(edges[-1]),
    )


def failed(version_id: int, limit: int) -> tuple[int, list[tuple[str, str]]]:
    """Return how many entries have an error, and product key and error of up to `limit` of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT product_key, error, count(*) OVER () FROM fashion_search_indexentry"
            " WHERE version_id = %s AND error <> '' ORDER BY product_key LIMIT %s",
            [version_id, limit],
        )
        rows = cursor.fetchall()
    return (rows[0][2] if rows else 0), [(key, error) for key, error, _ in rows]


def lacking(version_id: int, kind: Kind, limit: int) -> tuple[int, list[str]]:
    """Return how many entries lack something, and the product keys of the newest of them, up to `limit`."""
    condition = f"entry.version_id = %s AND NOT ({_PRESENT[kind]})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT entry.product_key, count(*) OVER () FROM fashion_search_indexentry AS entry WHERE {condition}"  # noqa: S608
            " ORDER BY entry.created DESC, entry.product_key LIMIT %s",
            [version_id, limit],
        )
        rows = cursor.fetchall()
    return (rows[0][1] if rows else 0), [key for key, _ in rows]
