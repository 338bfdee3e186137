"""Begin builds that somebody asked for: recorded at once, begun by a worker, once."""

from django.db import transaction
from django.db.models.functions import Now

from ..conf import get_settings
from ..exceptions import ArtifactError, BuildGivenUp, BuildStateError, TextConfigError, VersionStateError
from ..models import Build, IndexVersion
from . import builds, hints, versions
from .catalogue import product_keys
from .entering import enter_for_reindex

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
    build = builds.create(kind, by=by)
    return build, hints.publish("begin_build", build.pk, expires=None)


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
    build = builds.create(kind, by=by)
    _begin(build.pk)
    build.refresh_from_db()
    if build.state == BuildState.FAILED:
        raise BuildStateError(build.reason)
    return build


def begin(build_id: int) -> None:
    """Begin a build that waits, and tell the workers; one that does not wait any more is left alone."""
    if _begin(build_id):
        hints.publish("index_stale", times=get_settings().index_parallel)


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
        builds.end(BuildState.FAILED, reason=str(error))
        return False
    except Exception as error:
        builds.note_trouble(build.pk, f"{type(error).__name__}: {error}")
        raise
    return True


def begin_waiting() -> None:
    """Begin the build whose message was lost."""
    for build in Build.objects.running().filter(step=Step.QUEUED):
        begin(build.pk)


def _reindex(build: Build) -> None:
    if not IndexVersion.objects.written().exists():
        builds.end(BuildState.FAILED, reason="There is no index version to reindex; rebuild instead.")
        return
    with transaction.atomic():
        marked = enter_for_reindex(product_keys().iterator())
        builds.begin(build.pk)
        active = IndexVersion.objects.active()
        Build.objects.filter(pk=build.pk).update(
            total=marked, step=Step.ENCODING, step_at=Now(), version=active and active.pk
        )
