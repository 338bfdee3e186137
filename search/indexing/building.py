"""Bring a build to its end: everything in, indexes, ANN recall, ready, active. Every step may be repeated."""

import logging
from functools import partial

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from ..conf import get_settings
from ..exceptions import ArtifactError, BuildGivenUp, BuildStateError, TextConfigError, VersionStateError
from ..models import Build, IndexVersion, StaleProduct
from ..resilience import Attempts
from . import build_records, comparison, marks, outbox, versions
from .connections import unhurried
from .databases import note_text_config
from .hnsw import build_indexes
from .lexicon import build_lexicon
from .marks import enter_absent, enter_for_reindex, gather_marks
from .removal import drop_superseded, drop_version, forget_troubles, note_trouble
from .writing import missing_keys, product_keys, surplus_keys, unembedded_keys

# Begin builds that somebody asked for: recorded at once, begun by a worker, once.


Kind = Build.Kind
BuildState = Build.State
Step = Build.Step


def ask(kind: str, *, by: str) -> tuple[Build, bool]:
    """Record a build and tell a worker; a lost message costs the time until beat looks for builds that wait.

    Args:
        kind: "rebuild" builds a new version beside the active one; "reindex" indexes every product again in
            the versions there are.
        by: who asks.

    Returns:
        The build, and whether the message could be sent.

    Raises:
        BuildStateError: one runs already.
    """
    build = build_records.create(kind, by=by)
    return build, marks.publish("begin_build", build.pk, expires=None)


def begin_here(kind: str, *, by: str = "") -> Build:
    """Record a build and begin it in this process, for commands; should the process end, a worker begins it.

    Args:
        kind: as `ask` takes it.
        by: who asks; empty for the command line.

    Returns:
        The build as it stands then; workers are still to be told.

    Raises:
        BuildStateError: one runs already, or this one could not begin.
    """
    build = build_records.create(kind, by=by)
    _begin(build.pk)
    build.refresh_from_db()
    if build.state == BuildState.FAILED:
        raise BuildStateError(build.reason)
    return build


def begin(build_id: int) -> None:
    """Begin a build that waits, and tell the workers; one that does not wait any more is left alone."""
    if _begin(build_id):
        marks.publish("index_stale", times=get_settings().index_parallel)


def _begin(build_id: int) -> bool:
    """Begin a build that waits; return whether there is something to index."""
    build = Build.objects.running().filter(pk=build_id, step=Step.QUEUED).first()
    if build is None:
        return False
    try:
        if build.kind == Kind.REBUILD:
            versions.request_rebuild(force=True, build=build)
        else:
            _reindex(build)
    except (BuildGivenUp, VersionStateError):
        return False  # cancelled, or another process is beginning it at this moment
    except (ArtifactError, TextConfigError) as error:
        build_records.end(BuildState.FAILED, reason=str(error))
        return False
    except Exception as error:
        build_records.note_trouble(build.pk, f"{type(error).__name__}: {error}")
        raise
    return True


def begin_waiting() -> None:
    """Begin the build whose message was lost."""
    for build in Build.objects.running().filter(step=Step.QUEUED):
        begin(build.pk)


def _reindex(build: Build) -> None:
    if not IndexVersion.objects.written().exists():
        build_records.end(BuildState.FAILED, reason="There is no index version to reindex; rebuild instead.")
        return
    with transaction.atomic():
        marked = enter_for_reindex(product_keys().iterator())
        build_records.begin(build.pk)
        active = IndexVersion.objects.active()
        Build.objects.filter(pk=build.pk).update(
            total=marked, step=Step.ENCODING, step_at=Now(), version=active and active.pk
        )


# End a build before its time: at once for searches and workers, its rows a moment later by a worker.


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
    marks.publish("advance_builds", expires=None)
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
                marks.publish("reconcile")


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


logger = logging.getLogger(__name__)

State = IndexVersion.State


@unhurried()
def advance_all() -> None:
    """Take every build as far as it can go now, mend broken indexes, and drop what is superseded.

    What fails keeps its reason with its version and its build, is tried again next time, and stops nothing else.

    Raises:
        Exception: one thing failed; everything else was done.
        ExceptionGroup: several things failed.
    """
    began = build_records.moment()
    with Attempts("Advancing builds") as attempts:
        with attempts.at("noting text search configurations"):
            note_text_config()
        for version in IndexVersion.objects.filter(state=State.BUILDING).order_by("pk"):
            with attempts.at(f"finishing {version}", partial(_note, version)):
                _finish_unless_given_up(version)
        with attempts.at("ending a reindex"):
            if not build_records.waiting_products().exists():
                build_records.end_reindex()
        whole = IndexVersion.objects.filter(state__in=(State.READY, State.ACTIVE), built_at__isnull=False)
        for version in whole:
            with attempts.at(f"mending the indexes of {version}", partial(_note, version)):
                for name in build_indexes(version):
                    logger.warning("The index %s was missing or invalid and has been built again.", name)
        for version in IndexVersion.objects.held():
            with attempts.at(f"comparing {version} again", partial(_note, version)):
                comparison.look_again(version)
        ready = IndexVersion.objects.filter(state=State.READY, error="", held="").order_by("-pk").first()
        active = IndexVersion.objects.active()
        if ready is not None and (active is None or ready.pk > active.pk):
            with attempts.at(f"activating {ready}", partial(_note, ready)):
                versions.activate(ready.pk)
        with attempts.at("noting where artifacts are"):
            for sentence in versions.mend_folders():
                logger.warning("%s", sentence)
        with attempts.at("clearing what cancelled builds left"):
            clear_cancelled()
        with attempts.at("dropping what is superseded"):
            drop_superseded()
        with attempts.at("beginning the build that waits"):
            begin_waiting()
        forget_troubles(before=began)


def _finish_unless_given_up(version: IndexVersion) -> None:
    try:
        _finish(version)
    except BuildGivenUp as given_up:
        logger.info("%s", given_up)


def _note(version: IndexVersion, trouble: str) -> None:
    """Keep what went wrong with the version, and with the build that makes it, which goes on."""
    note_trouble(version.pk, trouble)
    build_records.note_trouble(build_records.of_version(version.pk), trouble)


def is_complete(version: IndexVersion) -> bool:
    """Return whether every product is in a version with its embeddings; enters those that nobody is working on.

    Products that were changed a moment ago may still be on their way: under steady change there is never a
    moment without any, and they reach the version in whatever state it is.
    """
    if version.total is None:
        versions.fill(version)
        return False
    batch_size = get_settings().batch_size
    open_keys: list[str] = []
    for keys in (unembedded_keys(version), missing_keys(version), surplus_keys(version)):
        open_keys += keys[: batch_size + 1]
        if len(open_keys) > batch_size:
            break
    gather_marks()  # each change that was seen just now has its mark
    changed_or_parked = StaleProduct.objects.filter(product_key__in=open_keys).exclude(
        backfill=True, parked=False
    )
    blocking = set(open_keys) - set(changed_or_parked.values_list("product_key", flat=True))
    enter_absent(blocking)
    return not blocking and len(open_keys) <= batch_size


def _finish(version: IndexVersion) -> None:
    if not is_complete(version):
        build_records.enter(version.pk, Step.ENCODING)
        return
    build_records.enter(version.pk, Step.INDEXING)
    built = build_indexes(version)
    logger.info("%s: built %s", version, ", ".join(built) or "no index")
    build_records.enter(version.pk, Step.VERIFYING)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE fashion_search_indexentry, fashion_search_entryimage")
    build_lexicon(version)
    version.state, version.built_at = State.READY, timezone.now()  # so it can be searched to compare it
    compared = comparison.compare(version, IndexVersion.objects.active())
    if compared.held:
        logger.error("%s is held back: %s", version, compared.held)
    build_records.enter(version.pk, Step.SWITCHING)
    with transaction.atomic():
        # A build that was cancelled or replaced meanwhile stays failed.
        IndexVersion.objects.filter(pk=version.pk, state=State.BUILDING).update(
            ann_recall=comparison.lower_recall(compared.new),
            figures=compared.to_json(),
            held=compared.held,
            error="",
            state=version.state,
            built_at=version.built_at,
        )
        if compared.held:
            build_records.end(
                Build.State.FAILED, version_id=version.pk, reason=f"Not activated: {compared.held}"
            )
