"""Check the health of a version's catalogue, and keep what was found."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction

from ..computing import Report
from ..conf import get_settings
from ..models import CatalogueHealth, HealthFinding, IndexEntry, IndexVersion
from ..querysets_health import agreements, failed, lacking
from .agreement import Disagreement, find_disagreeing
from .duplicates import Duplicates, find_duplicates

Kind = HealthFinding.Kind

LACKING = (Kind.NO_PICTURE, Kind.NO_DESCRIPTION, Kind.NO_CATEGORY, Kind.NO_PRICE)
SHARE = 0.9  # of the time, about, that pictures are compared


def check_health(version: IndexVersion, report: Report) -> dict[str, Any]:
    """Write down what a version's products lack and which of them look wrong; return the figures for its row."""
    settings = get_settings()
    limit = settings.health_findings
    duplicates = find_duplicates(version, lambda share: report("comparing pictures", SHARE * share))
    report("comparing pictures with texts", SHARE)
    disagreement = find_disagreeing(agreements(version.pk), settings.health_deviations)
    report("looking for what is missing", SHARE + 0.05)
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
    for kind in LACKING:
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
    keys = _keys(member.entry_id for members in duplicates.groups for member in members)
    for number, members in enumerate(duplicates.groups):
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
