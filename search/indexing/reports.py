"""How far a build is: products done of all, rate, time left, and whether it moves at all."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django.db.models.functions import Now

from ..models import Build, IndexVersion, StaleProduct
from .builds import waiting_products
from .hnsw import built_share
from .locks import is_held

STALL_SECONDS = 30.0  # without a batch for this long, something is wrong
Step = Build.Step
_PLANNED = Q(attempts__gt=0, claimed_at=None, next_attempt_at__gt=Now())


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
    share: float | None  # of the present step, from 0 to 1; None where that cannot be told
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
    """Measure a build with a few quick queries; one that has ended is told from its record alone."""
    if not build.is_running:
        return _ended(build)
    counted = waiting_products().aggregate(
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
