"""Check the health of a version's catalogue, and keep what was found."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.core.paginator import Page, Paginator
from django.db import transaction

from ..conf import get_settings
from ..models import CatalogueHealth, HealthFinding, IndexEntry, IndexVersion
from .duplicates import Duplicates, find_duplicates
from .embeddings import Agreement, agreements, failed, lacking
from .jobs import Report

# Whose picture and text disagree: similarities far below what is usual in this catalogue.


FEWEST = 30  # products that something can be called usual of
# Times the median distance from the median; for a normal distribution that is its standard deviation.
NORMAL = 1.4826
BINS = 40


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


def find_disagreeing(agreements: Sequence[Agreement], deviations: float) -> Disagreement:
    """Find the products whose picture and text are less similar than the median by some robust deviations.

    An absolute limit would not do: how similar pictures and texts are depends on the artifact and on how the shop
    writes. Median and median deviation, unlike mean and standard deviation, are not moved by the errors looked for.

    Args:
        agreements: of all products that have both, the least similar first.
        deviations: how many robust deviations below the median a product is told.
    """
    similarities = np.array([each.similarity for each in agreements])
    if not len(similarities):
        return Disagreement(0, 0.0, 0.0, None, (), (), 0.0, 0.0)
    median = float(np.median(similarities))
    deviation = NORMAL * float(np.median(np.abs(similarities - median)))
    usual = len(similarities) >= FEWEST and deviation > 0
    threshold = median - deviations * deviation if usual else None
    found = () if threshold is None else tuple(each for each in agreements if each.similarity < threshold)
    counts, edges = np.histogram(similarities, bins=BINS)
    return Disagreement(
        compared=len(similarities),
        median=median,
        deviation=deviation,
        threshold=threshold,
        found=found,
        bins=tuple(counts.tolist()),
        lowest=float(edges[0]),
        highest=float(edges[-1]),
    )


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


# What each kind of finding means, and what to do about it, in words for the page.


@dataclass(frozen=True, slots=True)
class KindText:
    """The words of one kind."""

    kind: str
    title: str
    meaning: str
    advice: str


TEXTS = (
    KindText(
        Kind.DISAGREE,
        "Picture and text disagree",
        "The picture looks unlike what the text says, much more so than is usual in this catalogue.",
        "Compare the two: often the picture is another product's, or the name, colour or category is wrong. "
        "Where both are right, the product is one that the artifact does not know well; leave it.",
    ),
    KindText(
        Kind.DUPLICATE,
        "Near-duplicate pictures",
        "Different products show the same picture, or one that can hardly be told from it.",
        "If it is one product entered twice, withdraw one of the two. If they are variants, give each its own "
        "picture: shoppers cannot tell them apart, and photo search finds all of them at once. A placeholder for "
        "missing pictures is better left out.",
    ),
    KindText(
        Kind.BROKEN,
        "Broken pictures",
        "A picture could not be read, or the product could not be indexed wholly, for the reason given.",
        "Upload the picture again as JPEG, PNG or WebP of at most 25 megapixels. Saving the product has it indexed "
        "again.",
    ),
    KindText(
        Kind.NO_PICTURE,
        "No picture",
        "The product is found by its words only: not by a photo, and not among similar items.",
        "Add a picture of the product alone, on a plain ground.",
    ),
    KindText(
        Kind.NO_DESCRIPTION,
        "No description",
        "The description is empty or holds no word that can be searched for.",
        "Say in two sentences what the name does not: material, cut, occasion.",
    ),
    KindText(
        Kind.NO_CATEGORY,
        "No category",
        "The product is on no category page and in no category filter.",
        "Put it into a category.",
    ),
    KindText(
        Kind.NO_PRICE,
        "No price",
        "The product is left out wherever a price is asked for, and comes last in sorts by price.",
        "Give it a price.",
    ),
)
BY_KIND = {text.kind: text for text in TEXTS}


# One page of findings, with the products as they are now.


PER_PAGE = 48
GROUPS_PER_PAGE = 20
GROUP_SHOWN = 12  # products of one group; of a placeholder there may be hundreds


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding and what became of its product."""

    finding: HealthFinding
    name: str  # as the index has it; "" where the product is gone
    changed: bool  # since the check


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that belong together."""

    size: int
    shown: tuple[Shown, ...]

    @property
    def more(self) -> int:
        """How many of them are not shown."""
        return self.size - len(self.shown)


def read_page(health: CatalogueHealth, kind: str, number: Any) -> tuple[Page[Any], list[Group]]:
    """Return a page of one kind and its findings in groups; where the kind has none, one group for all."""
    findings = health.findings.filter(kind=kind).order_by("rank")
    if kind != HealthFinding.Kind.DUPLICATE:
        page = Paginator(findings, PER_PAGE).get_page(number)
        shown = _shown(health, list(page.object_list))
        return page, [Group(len(shown), tuple(shown))] if shown else []
    numbers = list(findings.values_list("group", flat=True).order_by("group").distinct())
    groups = Paginator(numbers, GROUPS_PER_PAGE).get_page(number)
    held: dict[int | None, list[HealthFinding]] = {each: [] for each in groups.object_list}
    for finding in findings.filter(group__in=groups.object_list):
        held[finding.group].append(finding)
    first = [finding for members in held.values() for finding in members[:GROUP_SHOWN]]
    by_rank = {each.finding.rank: each for each in _shown(health, first)}
    return groups, [
        Group(len(members), tuple(by_rank[finding.rank] for finding in members[:GROUP_SHOWN]))
        for members in held.values()
    ]


def _shown(health: CatalogueHealth, findings: Sequence[HealthFinding]) -> list[Shown]:
    keys = [finding.product_key for finding in findings]
    rows = IndexEntry.objects.filter(version_id=health.version_id, product_key__in=keys).order_by()
    entries: dict[str, tuple[str, datetime]] = {
        key: (name, updated) for key, name, updated in rows.values_list("product_key", "name", "updated_at")
    }
    made = health.made_at
    return [
        Shown(
            finding,
            name=entries[finding.product_key][0] if finding.product_key in entries else "",
            changed=finding.product_key in entries
            and made is not None
            and entries[finding.product_key][1] > made,
        )
        for finding in findings
    ]
