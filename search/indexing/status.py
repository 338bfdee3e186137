"""The state of the index at one moment, for people and for programs: versions, outbox, single products, and the build that runs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q
from django.db.models.functions import Now

from ..models import Build, EntryImage, IndexEntry, IndexVersion, KeptCount, StaleMark, StaleProduct
from ..sentences import lazily as _
from ..sentences import said
from .hnsw import built_share
from .locks import is_held
from .task_runs import TaskState, task_states

Step = Build.Step
STALL_SECONDS = 30.0  # without a batch for this long, something is wrong with a build
_PLANNED = Q(attempts__gt=0, claimed_at=None, next_attempt_at__gt=Now())


@dataclass(frozen=True, slots=True)
class VersionProgress:
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


def measure_progress() -> dict[int, VersionProgress]:
    """Return version id -> progress for every version: from what is kept, and from indexes of what is not as it should be."""
    # Not of primary keys, which the index lacks: Postgres would go to the entries for them, or read all.
    entries = IndexEntry.objects.order_by().values("version_id").annotate(number=Count("*"))
    without = dict(entries.exclude(embedded_hash=F("content_hash")).values_list("version_id", "number"))
    failed = dict(entries.exclude(error="").values_list("version_id", "number"))
    progress = {}
    for version in IndexVersion.objects.all():
        number = KeptCount.objects.entries_of(version)
        embedded = max(0, number - without.get(version.pk, 0))
        progress[version.pk] = VersionProgress(number, embedded, failed.get(version.pk, 0))
    return progress


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
    """Return how many pictures a version has, from what is kept, and how many of them have no embedding, from an index of these."""
    without = EntryImage.objects.filter(version=version, embedding=None).count()
    return KeptCount.objects.pictures_of(version), without


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """One version and how far it is."""

    version: IndexVersion
    progress: VersionProgress

    @property
    def is_held(self) -> bool:
        """Whether it is ready and waits for somebody's decision."""
        return self.version.state == IndexVersion.State.READY and bool(self.version.held)

    def as_json(self) -> dict[str, Any]:
        """Return the status as JSON takes it."""
        version = self.version
        return {
            "id": version.pk,
            "state": str(version.state),
            "artifact": version.artifact_name,
            "fingerprint": version.fingerprint,
            "dimension": version.dimension,
            "total": version.total,
            **asdict(self.progress),
            "ann_recall": version.ann_recall,
            "created_at": _moment(version.created_at),
            "built_at": _moment(version.built_at),
            "activated_at": _moment(version.activated_at),
            "error": version.error,
            "trouble": version.trouble,
            "text_config": version.text_config,
            "lacking": version.lack,
            "held": version.held if self.is_held else "",
        }


@dataclass(frozen=True, slots=True)
class Status:
    """All versions, newest first, the outbox, and the periodic tasks."""

    versions: tuple[VersionStatus, ...]
    outbox: OutboxState
    tasks: tuple[TaskState, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the status as JSON takes it."""
        outbox = asdict(self.outbox) | {"oldest": _moment(self.outbox.oldest)}
        tasks = [
            {"task": state.task.name, "seconds_since_success": state.since, "trouble": state.trouble}
            for state in self.tasks
        ]
        return {
            "versions": [version.as_json() for version in self.versions],
            "outbox": outbox,
            "tasks": tasks,
        }


def read_status() -> Status:
    """Read the state of the index, with a few queries."""
    progress = measure_progress()
    versions = IndexVersion.objects.all()
    return Status(
        tuple(VersionStatus(version, progress.get(version.pk, VersionProgress())) for version in versions),
        measure_outbox(),
        tuple(task_states()),
    )


def _moment(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def read_product_states(keys: Sequence[str]) -> dict[str, str]:
    """Return product key -> a few words on its state in the version that searches use, with four queries."""
    version = IndexVersion.objects.serving()
    if version is None:
        return dict.fromkeys(keys, _("no index yet"))
    # Marks first: one that is gathered meanwhile is then found in the outbox.
    marked = list(StaleMark.objects.filter(product_key__in=keys).values_list("product_key", flat=True))
    entries = {
        key: (content_hash == embedded_hash, error)
        for key, content_hash, embedded_hash, error in IndexEntry.objects.filter(
            version=version, product_key__in=keys
        ).values_list("product_key", "content_hash", "embedded_hash", "error")
    }
    stale = {
        key: (parked, error)
        for key, parked, error in StaleProduct.objects.filter(product_key__in=keys).values_list(
            "product_key", "parked", "last_error"
        )
    }
    stale |= dict.fromkeys(marked, (False, ""))  # it starts afresh as soon as a worker looks
    return {key: _state(entries.get(key), stale.get(key)) for key in keys}


def _state(entry: tuple[bool, str] | None, stale: tuple[bool, str] | None) -> str:
    if stale is not None:
        parked, error = stale
        if parked:
            return said(_("failed: %(error)s"), error=error)
        return said(_("will be tried again: %(error)s"), error=error) if error else _("waiting")
    if entry is None:
        return _("not in the index")
    embedded, error = entry
    if error:
        return said(_("failed: %(error)s"), error=error)
    return _("indexed") if embedded else _("by keyword only")


@dataclass(frozen=True, slots=True)
class BuildReport:
    """One build at one moment."""

    build: Build
    done: int
    total: int | None
    parked: int  # products of the whole outbox that are parked
    retrying: int  # products that failed and are tried again later
    words_left: int  # products whose keyword part is not written yet
    rate: float | None  # products a second
    share: float | None  # of the present step, from 0 to 1; None where that is unknown
    seconds_left: float | None  # of the present step
    seconds: float  # since it began, or that it took
    still_seconds: float  # since a worker did something for it
    stalled: bool

    @property
    def words_written(self) -> int | None:
        """Products whose keyword part is written while that comes first; None before and after."""
        if self.build.step != Step.ENCODING or self.total is None or self.done or not self.words_left:
            return None
        return max(0, self.total - self.words_left)


@dataclass(frozen=True, slots=True)
class _Waiting:
    waiting: int
    planned: int  # of them, failed ones whose next attempt lies ahead
    next_at: datetime | None
    words: int


def read_report(build: Build) -> BuildReport:
    """Measure a build with a few quick queries; of one that has ended, only its record is read."""
    if not build.is_running:
        return _ended(build)
    counted = StaleProduct.objects.of_build().aggregate(
        waiting=Count("pk"),
        planned=Count("pk", filter=_PLANNED),
        next_at=Min("next_attempt_at", filter=_PLANNED),
        words=Count("pk", filter=Q(text_written=False, attempts=0)),
    )
    waiting = _Waiting(**counted)
    now = Build.objects.filter(pk=build.pk).values_list(Now(), flat=True).get()
    done = 0 if build.total is None else max(0, build.total - waiting.waiting)
    rate = _rate(build)
    share = _share(build, done, waiting.words)
    step_seconds = (now - build.step_at).total_seconds()
    still = (now - build.moved_at).total_seconds()
    return BuildReport(
        build=build,
        done=done,
        total=build.total,
        parked=_parked(),
        retrying=waiting.planned,
        words_left=waiting.words,
        rate=rate if build.step == Step.ENCODING else None,
        share=share,
        seconds_left=_seconds_left(build, waiting.waiting, rate if done else None, share, step_seconds),
        seconds=(now - build.started_at).total_seconds(),
        still_seconds=still,
        stalled=still > STALL_SECONDS and not _is_at_work(build, waiting, now),
    )


def _ended(build: Build) -> BuildReport:
    indexed = min(build.indexed, build.total or 0)
    ended = build.ended_at or build.moved_at
    return BuildReport(
        build=build,
        done=(build.total or 0) if build.state == Build.State.DONE else indexed,
        total=build.total,
        parked=_parked(),
        retrying=0,
        words_left=0,
        rate=None,
        share=None,
        seconds_left=None,
        seconds=(ended - build.started_at).total_seconds(),
        still_seconds=0.0,
        stalled=False,
    )


def _rate(build: Build) -> float | None:
    if len(build.pace) < 2:
        return None
    (first, before), (last, after) = build.pace[0], build.pace[-1]
    return (after - before) / (last - first) if last > first else None


def _share(build: Build, done: int, words_left: int) -> float | None:
    if build.step == Step.ENCODING and build.total is not None:
        # Keyword parts are written first; products count as done from their embeddings on.
        finished = done if done or not words_left else max(0, build.total - words_left)
        return finished / build.total if build.total else None  # of no products none is a share
    if build.step == Step.INDEXING:
        version = IndexVersion.objects.filter(pk=build.version or 0).first()
        return built_share(version) if version else None
    return None


def _seconds_left(
    build: Build, waiting: int, rate: float | None, share: float | None, step_seconds: float
) -> float | None:
    if rate and build.step == Step.ENCODING:
        return waiting / rate
    if share and rate is None and (build.step == Step.INDEXING or not build.indexed):
        return step_seconds * (1 - share) / share
    return None


def _is_at_work(build: Build, waiting: _Waiting, now: datetime) -> bool:
    """Whether a worker is inside a step that reports nothing meanwhile, or waits for a planned attempt."""
    if build.step == Step.QUEUED:
        return False
    if build.step == Step.MARKING:
        return is_held("rebuild")
    if build.step == Step.ENCODING and waiting.waiting:
        if waiting.next_at is None or waiting.planned < waiting.waiting:
            return False
        return now < waiting.next_at + timedelta(seconds=STALL_SECONDS)
    return is_held("advance")


def _parked() -> int:
    return StaleProduct.objects.filter(parked=True).count()
