"""The records of builds: begun, moved on, ended. Whoever locks a version and its build locks the version first."""

from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from ..exceptions import BuildGivenUp, BuildStateError
from ..models import Build, IndexVersion, StaleProduct
from .locks import confirm_locks

State = Build.State
Step = Build.Step
PACE_SECONDS = 30.0  # the rate is that of so many seconds
SAMPLE_SECONDS = 1.0  # batches that end closer together share a sample
MAX_REASON = 1000


def create(kind: str, *, by: str = "") -> Build:
    """Record a build that waits for a worker.

    Raises:
        BuildStateError: one runs already.
    """
    try:
        with transaction.atomic():
            return Build.objects.create(kind=kind, started_by=by)
    except IntegrityError as error:
        running = Build.objects.running().first()
        raise BuildStateError(
            _already(running) if running else "A build has ended at this moment; try again."
        ) from error


def check_waits(build_id: int) -> None:
    """Go on while a build waits to be begun.

    Raises:
        BuildGivenUp: it has begun already, was cancelled or is gone.
    """
    if not _waiting(build_id).exists():
        raise _waits_no_more(build_id)


def begin(build_id: int, *, version_id: int | None = None) -> None:
    """Let a waiting build begin, once, whatever the queue delivers twice.

    Raises:
        BuildGivenUp: it does not wait any more.
    """
    begun = _waiting(build_id).update(
        step=Step.MARKING, step_at=Now(), moved_at=Now(), version=version_id, reason=""
    )
    if not begun:
        raise _waits_no_more(build_id)


def set_total(version_id: int, total: int) -> None:
    """Note how many products the build of a version has, from where on they are encoded."""
    Build.objects.running().filter(version=version_id).update(
        total=total, step=Step.ENCODING, step_at=Now(), moved_at=Now()
    )


def enter(version_id: int, step: Build.Step) -> None:
    """Note the step that the build of a version has come to.

    Raises:
        BuildGivenUp: the version is not to be finished any more.
    """
    Build.objects.running().filter(version=version_id).exclude(step=step).update(
        step=step, step_at=Now(), moved_at=Now(), reason=""
    )
    check_wanted(version_id)


def check_wanted(version_id: int) -> None:
    """Go on unless a version was given up, or another process has begun the same step.

    Raises:
        BuildGivenUp: it failed, was cancelled or is gone.
        LockLost: this process gave no sign of life for too long.
    """
    confirm_locks()
    if not IndexVersion.objects.filter(pk=version_id).exclude(state=IndexVersion.State.FAILED).exists():
        raise BuildGivenUp(f"Version {version_id} was given up.")


def waiting_products() -> QuerySet[StaleProduct]:
    """Return the products that a build still has to index."""
    return StaleProduct.objects.filter(backfill=True, parked=False)


def end_reindex() -> None:
    """Note that a reindex has come to its end, all that it marked being indexed or parked."""
    reindex = Build.objects.running().filter(kind=Build.Kind.REINDEX, step=Step.ENCODING)
    reindex.update(state=State.DONE, ended_at=Now(), moved_at=Now())


def check_no_reindex() -> None:
    """Go on unless a reindex runs.

    Raises:
        BuildStateError: one does; it would be given up half done.
    """
    running = Build.objects.running().filter(kind=Build.Kind.REINDEX).first()
    if running is not None:
        raise BuildStateError(f"{_already(running)} Wait for it, or give it up with --force.")


def is_running() -> bool:
    """Return whether a build has begun and not ended."""
    return Build.objects.running().exclude(step=Step.QUEUED).exists()


def move(products: int) -> None:
    """Note that a worker has finished a batch, with so many products embedded."""
    with transaction.atomic():
        build = Build.objects.running().select_for_update().first()
        if build is None:
            return
        now = Build.objects.filter(pk=build.pk).values_list(Now(), flat=True).get()
        build.moved_at = now
        build.indexed += products
        if products:
            build.pace = _paced(build.pace, (now - build.started_at).total_seconds(), build.indexed)
        build.save(update_fields=["moved_at", "indexed", "pace"])


def moment() -> datetime:
    """Return the present as Postgres has it, whose clock the moments of builds and versions are told by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def note_trouble(build_id: int, reason: str) -> None:
    """Keep what went wrong in a build that goes on: the step is tried again."""
    Build.objects.running().filter(pk=build_id).update(reason=reason[:MAX_REASON])


def of_version(version_id: int) -> int:
    """Return the number of the build that makes a version, or 0 where none runs."""
    return Build.objects.running().filter(version=version_id).values_list("pk", flat=True).first() or 0


def end(build_state: Build.State, *, version_id: int | None = None, reason: str = "") -> None:
    """Note how the running build ended.

    Args:
        build_state: what has become of it.
        version_id: only if it builds this version.
        reason: why, for people.
    """
    builds = Build.objects.running()
    if version_id is not None:
        builds = builds.filter(version=version_id)
    builds.update(state=build_state, ended_at=Now(), moved_at=Now(), reason=reason[:MAX_REASON])


def end_well(version_id: int) -> None:
    """Note that the version of a build which had ended without a switch has been activated after all."""
    held_back = Build.objects.filter(version=version_id, kind=Build.Kind.REBUILD, state=State.FAILED)
    held_back.update(state=State.DONE, reason="")


def _waiting(build_id: int) -> QuerySet[Build]:
    return Build.objects.running().filter(pk=build_id, step=Step.QUEUED)


def _waits_no_more(build_id: int) -> BuildGivenUp:
    return BuildGivenUp(f"Build {build_id} has begun already, or was given up.")


def _paced(samples: list[list[float]], seconds: float, indexed: int) -> list[list[float]]:
    if len(samples) > 1 and samples[-1][0] - samples[-2][0] < SAMPLE_SECONDS:
        samples = samples[:-1]
    samples = [*samples, [round(seconds, 2), indexed]]
    older = [number for number, sample in enumerate(samples) if sample[0] <= seconds - PACE_SECONDS]
    return samples[older[-1] :] if older else samples


def _already(running: Build) -> str:
    return f"A {running.kind} runs already, begun by {running.started_by or 'the command line'}."
