"""How far each index version is, counted from its entries."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Min, Q
from django.db.models.functions import Now

from ..models import EntryImage, IndexEntry, IndexVersion, StaleMark, StaleProduct


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of one version's entries."""

    entries: int = 0
    embedded: int = 0  # their embeddings belong to their present content
    failed: int = 0


@dataclass(frozen=True, slots=True)
class OutboxState:
    """Counts of the outbox, with the marks that nobody has gathered yet."""

    waiting: int
    parked: int
    oldest: (
        datetime | None
    )  # the mark that has waited longest, but for failures with a planned retry or parked


def measure_progress() -> dict[int, Progress]:
    """Return version id -> progress for every version, with one query."""
    rows = (
        IndexEntry.objects.order_by()
        .values("version_id")
        .annotate(
            entries=Count("pk"),
            embedded=Count("pk", filter=Q(embedded_hash=F("content_hash"))),
            failed=Count("pk", filter=~Q(error="")),
        )
    )
    counted = {row["version_id"]: Progress(row["entries"], row["embedded"], row["failed"]) for row in rows}
    return {pk: counted.get(pk, Progress()) for pk in IndexVersion.objects.values_list("pk", flat=True)}


def measure_outbox() -> OutboxState:
    """Return how many products wait, and since when, with three queries."""
    waiting = Q(parked=False)
    planned = Q(attempts__gt=0, next_attempt_at__gt=Now())
    # Marks first: one that is gathered between the two is counted twice, and not at all the other way round.
    marks = StaleMark.objects.beside(StaleProduct.objects.filter(waiting)).aggregate(
        count=Count("product_key", distinct=True)
    )
    oldest_mark = StaleMark.objects.aggregate(oldest=Min("marked_at"))["oldest"]
    counted = StaleProduct.objects.aggregate(
        count=Count("pk"),
        waiting_count=Count("pk", filter=waiting),
        oldest=Min("marked_at", filter=waiting & ~planned),
    )
    return OutboxState(
        waiting=counted["waiting_count"] + marks["count"],
        parked=counted["count"] - counted["waiting_count"],
        oldest=min(filter(None, (counted["oldest"], oldest_mark)), default=None),
    )


def count_pictures(version: IndexVersion) -> tuple[int, int]:
    """Return how many pictures a version has, and how many of them have no embedding; both from indexes, in milliseconds."""
    pictures = EntryImage.objects.filter(version=version)
    return pictures.count(), pictures.filter(embedding=None).count()
