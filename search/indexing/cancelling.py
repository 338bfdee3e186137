"""End a build before its time: at once for searches and workers, its rows a moment later by a worker."""

from functools import partial

from django.db import connection, transaction
from django.db.models.functions import Now

from ..exceptions import BuildStateError
from ..models import Build, IndexVersion
from ..resilience import Attempts
from . import hints, outbox
from .dropping import drop_version, note_trouble

BuildState = Build.State


def cancel(build_id: int, *, by: str) -> Build:
    """Give up a running build; the active version stays as it is, and another build may begin at once.

    Workers skip a version that has failed from their next batch on; the products that only this build had marked
    leave the outbox, and an HNSW index that is being built is broken off.

    Raises:
        BuildStateError: it has ended, or its version is ready.
    """
    while not _give_up(build_id, f"Cancelled by {by}."):
        continue  # a worker began it while it was being read
    build = Build.objects.get(pk=build_id)
    _release(build)
    break_off_indexes()
    hints.publish("advance_builds", expires=None)
    return build


def clear_cancelled() -> None:
    """Remove what cancelled builds have left, and have products compared that they alone had marked.

    Raises:
        Exception: what one has left could not be removed; that of all others was.
        ExceptionGroup: the same of several.
    """
    with Attempts("Clearing cancelled builds") as attempts:
        for build in Build.objects.to_clear():
            with attempts.at(f"{build}", partial(_note_drop, build)):
                _release(build)
                if build.kind == Build.Kind.REBUILD and build.version is not None:
                    for version in IndexVersion.objects.filter(
                        pk=build.version, state=IndexVersion.State.FAILED
                    ):
                        drop_version(version)
                Build.objects.filter(pk=build.pk).update(cleared_at=Now())
                hints.publish("reconcile")


def break_off_indexes() -> None:
    """Break off the building of HNSW indexes for versions that were given up."""
    given_up = IndexVersion.objects.filter(state=IndexVersion.State.FAILED)
    names = [name for version in given_up for name in (version.image_index, version.text_index)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT pg_cancel_backend(progress.pid)
            FROM pg_stat_progress_create_index AS progress
            JOIN pg_class AS class ON class.oid = progress.index_relid
            WHERE progress.datname = current_database() AND class.relname = ANY(%s)
            """,
            [names],
        )


def _note_drop(build: Build, trouble: str) -> None:
    """Keep with the version of a build why it could not be dropped."""
    note_trouble(build.version or 0, trouble)


def _give_up(build_id: int, reason: str) -> bool:
    with transaction.atomic():
        build = Build.objects.filter(pk=build_id).first()
        if build is None:
            raise BuildStateError(f"There is no build {build_id}.")
        if not build.is_running:
            raise BuildStateError(f"The {build.kind} is {build.state} and cannot be cancelled any more.")
        if build.kind == Build.Kind.REBUILD and build.version is not None:
            _fail_version(build.version, reason)
        # Whoever marks products for it holds the record till they are committed; the moment is taken after that.
        locked = Build.objects.running().select_for_update().filter(pk=build_id).first()
        if locked is None or (build.kind == Build.Kind.REBUILD and locked.version != build.version):
            transaction.set_rollback(True)
            return False
        ended = Build.objects.filter(pk=build_id)
        ended.update(state=BuildState.CANCELLED, ended_at=Now(), moved_at=Now(), reason=reason)
    return True


def _fail_version(version_id: int, reason: str) -> None:
    version = IndexVersion.objects.filter(pk=version_id)
    failed = version.filter(state=IndexVersion.State.BUILDING).update(
        state=IndexVersion.State.FAILED, error=reason, failed_at=Now()
    )
    if not failed and version.exists():
        raise BuildStateError(f"Version {version_id} is ready and cannot be cancelled any more.")


def _release(build: Build) -> None:
    assert build.ended_at is not None
    # A reindex leaves alone what people have marked; a rebuild marks it anew, but keeps that pictures are to be read.
    outbox.release(before=build.ended_at, reread=build.kind == Build.Kind.REINDEX)
