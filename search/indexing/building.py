"""The life of a build: somebody asks for it, a worker begins it and takes it to its end, or somebody cancels it.

Every step may be repeated. A build is recorded at once and begun by a worker, once, however often the message comes. It ends
when everything is in the new version, its indexes are built, its ANN recall is measured, and it is active. Cancelled, it is over
at once for searches and workers, and a worker removes its rows a moment later.
"""

import logging
from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from ..conf import get_settings
from ..exceptions import (
    ArtifactError,
    BuildGivenUp,
    BuildStateError,
    TextConfigError,
    TooLittleMemory,
    VersionStateError,
)
from ..models import Build, IndexVersion, KeptCount, StaleProduct
from ..resilience import Attempts
from ..sentences import lazily as _
from ..sentences import said
from . import comparison, marks, versions
from .connections import unhurried
from .databases import note_text_config
from .hnsw import build_indexes
from .lexicons import build_lexicon
from .locks import confirm_locks
from .marks import enter_for_reindex, enter_if_absent
from .outbox import gather_marks
from .reconcile import begin_round, missing_keys, product_keys, surplus_keys, unembedded_keys
from .removal import drop_superseded, drop_version, forget_troubles, note_trouble

logger = logging.getLogger(__name__)

State = IndexVersion.State
Step = Build.Step


def request_build(kind: str, *, by: str) -> tuple[Build, bool]:
    """Record a build and send a message to the workers; if it is lost, beat finds the build that waits.

    Args:
        kind: "rebuild" builds a new version beside the active one; "reindex" indexes every product again in
            the versions there are.
        by: who asks.

    Returns:
        The build, and whether the message could be sent.

    Raises:
        BuildStateError: one runs already.
    """
    build = Build.objects.queue(kind, by=by)
    return build, marks.publish("begin_build", build.pk, expires=None)


def begin_build_here(kind: str, *, by: str = "") -> Build:
    """Record a build and begin it in this process, for commands; should the process end, a worker begins it.

    Args:
        kind: as `request_build` takes it.
        by: who asks; empty for the command line.

    Returns:
        The build as it stands then; no message has been sent to the workers yet.

    Raises:
        BuildStateError: one runs already, or this one could not begin.
    """
    build = Build.objects.queue(kind, by=by)
    _begin(build.pk)
    build.refresh_from_db()
    if build.state == Build.State.FAILED:
        raise BuildStateError(build.reason)
    return build


def begin_build(build_id: int) -> None:
    """Begin a build that waits, and send hints to the workers; one that does not wait any more is left alone."""
    if _begin(build_id):
        marks.publish("index_stale", times=get_settings().index_parallel)


def begin_waiting_builds() -> None:
    """Begin a build whose message was lost."""
    for build in Build.objects.waiting():
        begin_build(build.pk)


def _begin(build_id: int) -> bool:
    """Begin a build that waits; return whether there is something to index."""
    build = Build.objects.waiting().filter(pk=build_id).first()
    if build is None:
        return False
    try:
        if build.kind == Build.Kind.REBUILD:
            versions.request_rebuild(force=True, build=build)
        else:
            _reindex(build)
    except (BuildGivenUp, VersionStateError):
        return False  # cancelled, or another process is beginning it at this moment
    except (ArtifactError, TextConfigError, TooLittleMemory) as error:
        Build.objects.end(Build.State.FAILED, reason=str(error))
        return False
    except Exception as error:
        Build.objects.note_trouble(build.pk, f"{type(error).__name__}: {error}")
        raise
    return True


def _reindex(build: Build) -> None:
    if not IndexVersion.objects.written().exists():
        Build.objects.end(Build.State.FAILED, reason="There is no index version to reindex; rebuild instead.")
        return
    with transaction.atomic():
        marked = enter_for_reindex(product_keys().iterator())
        Build.objects.begin(build.pk)
        active = IndexVersion.objects.active()
        Build.objects.filter(pk=build.pk).update(
            total=marked, step=Step.ENCODING, step_at=Now(), version=active and active.pk
        )


@unhurried()
def advance_builds() -> None:
    """Take every build as far as it can go now, mend broken indexes, and drop what is superseded.

    What fails keeps its reason with its version and its build, is tried again next time, and stops nothing else.

    Raises:
        Exception: one thing failed; everything else was done.
        ExceptionGroup: several things failed.
    """
    began = _moment()
    with Attempts("Advancing builds") as attempts:
        with attempts.at("noting text search configurations"):
            note_text_config()
        for version in IndexVersion.objects.filter(state=State.BUILDING).order_by("pk"):
            with attempts.at(f"finishing {version}", partial(_note, version)):
                _finish_unless_given_up(version)
        with attempts.at("ending a reindex"):
            if not StaleProduct.objects.of_build().exists():
                Build.objects.end_reindex()
        whole = IndexVersion.objects.filter(state__in=(State.READY, State.ACTIVE), built_at__isnull=False)
        for version in whole:
            with attempts.at(f"mending the indexes of {version}", partial(_note, version)):
                for name in build_indexes(version):
                    logger.warning("The index %s was missing or invalid and has been built again.", name)
        for version in IndexVersion.objects.held():
            with attempts.at(f"comparing {version} again", partial(_note, version)):
                comparison.compare_again(version)
        ready = IndexVersion.objects.filter(state=State.READY, error="", held="").order_by("-pk").first()
        active = IndexVersion.objects.active()
        if ready is not None and (active is None or ready.pk > active.pk):
            with attempts.at(f"activating {ready}", partial(_note, ready)):
                versions.activate(ready.pk)
        with attempts.at("noting where artifacts are"):
            for sentence in versions.mend_folders():
                logger.warning("%s", sentence)
        with attempts.at("clearing what cancelled builds left"):
            clear_cancelled_builds()
        with attempts.at("dropping what is superseded"):
            drop_superseded()
        with attempts.at("forgetting the counts of versions that are gone"):
            KeptCount.objects.forget_versions()
        with attempts.at("beginning the build that waits"):
            begin_waiting_builds()
        for version in IndexVersion.objects.filter(counted=False).exclude(state=State.FAILED):
            with attempts.at(f"counting the entries of {version}", partial(_note, version)):
                KeptCount.objects.recount(version)
        forget_troubles(before=began)


def _finish(version: IndexVersion) -> None:
    if not is_complete(version):
        enter_step(version.pk, Step.ENCODING)
        return
    enter_step(version.pk, Step.INDEXING)
    built = build_indexes(version)
    logger.info("%s: built %s", version, ", ".join(built) or "no index")
    enter_step(version.pk, Step.VERIFYING)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE fashion_search_indexentry, fashion_search_entryimage")
    build_lexicon(version)
    version.state, version.built_at = State.READY, timezone.now()  # so it can be searched to compare it
    compared = comparison.compare(version, IndexVersion.objects.active())
    if compared.held:
        logger.error("%s is held back: %s", version, compared.held)
    enter_step(version.pk, Step.SWITCHING)
    with transaction.atomic():
        # A build that was cancelled or replaced meanwhile stays failed.
        IndexVersion.objects.filter(pk=version.pk, state=State.BUILDING).update(
            ann_recall=compared.new.lower_recall,
            figures=compared.to_json(),
            held=compared.held,
            error="",
            state=version.state,
            built_at=version.built_at,
        )
        if compared.held:
            Build.objects.end(
                Build.State.FAILED, version_id=version.pk, reason=f"Not activated: {compared.held}"
            )


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
    enter_if_absent(blocking)
    return not blocking and len(open_keys) <= batch_size


def enter_step(version_id: int, step: Build.Step) -> None:
    """Note the step that the build of a version has come to.

    Raises:
        BuildGivenUp: the version is not to be finished any more.
        LockLost: this process gave no sign of life for too long, and another one has begun the same step.
    """
    Build.objects.enter_step(version_id, step)
    confirm_locks()
    IndexVersion.objects.check_wanted(version_id)


def _finish_unless_given_up(version: IndexVersion) -> None:
    try:
        _finish(version)
    except BuildGivenUp as given_up:
        logger.info("%s", given_up)


def _note(version: IndexVersion, trouble: str) -> None:
    """Keep what went wrong with the version, and with the build that makes it, which goes on."""
    note_trouble(version.pk, trouble)
    Build.objects.note_trouble(Build.objects.number_for(version.pk), trouble)


def _moment() -> datetime:
    """Return the present by the clock of Postgres, which all moments of builds and versions are taken from."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def cancel_build(build_id: int, *, by: str) -> Build:
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


def clear_cancelled_builds() -> None:
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
                begin_round()
                marks.publish("reconcile")


def _give_up(build_id: int, reason: str) -> bool:
    with transaction.atomic():
        build = Build.objects.filter(pk=build_id).first()
        if build is None:
            raise BuildStateError(said(_("There is no build %(build)s."), build=build_id))
        if not build.is_running:
            raise BuildStateError(
                said(
                    _("The %(kind)s is %(state)s and cannot be cancelled any more."),
                    kind=build.get_kind_display(),
                    state=build.get_state_display(),
                )
            )
        if build.kind == Build.Kind.REBUILD and build.version is not None:
            _fail_version(build.version, reason)
        # The process that marks its products locks the record until they are committed; the moment is taken after that.
        locked = Build.objects.running().select_for_update().filter(pk=build_id).first()
        if locked is None or (build.kind == Build.Kind.REBUILD and locked.version != build.version):
            transaction.set_rollback(True)
            return False
        ended = Build.objects.filter(pk=build_id)
        ended.update(state=Build.State.CANCELLED, ended_at=Now(), moved_at=Now(), reason=reason)
    return True


def _fail_version(version_id: int, reason: str) -> None:
    version = IndexVersion.objects.filter(pk=version_id)
    failed = version.filter(state=IndexVersion.State.BUILDING).update(
        state=IndexVersion.State.FAILED, error=reason, failed_at=Now()
    )
    if not failed and version.exists():
        raise BuildStateError(
            said(_("Version %(version)s is ready and cannot be cancelled any more."), version=version_id)
        )


def _release(build: Build) -> None:
    assert build.ended_at is not None
    # A reindex leaves alone what people have marked; a rebuild marks it anew, but keeps that pictures are to be read.
    marks.release(before=build.ended_at, reread=build.kind == Build.Kind.REINDEX)


def _note_drop(build: Build, trouble: str) -> None:
    """Keep with the version of a build why it could not be dropped."""
    note_trouble(build.version or 0, trouble)
