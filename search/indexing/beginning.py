"""Begin builds that somebody asked for: recorded at once, begun by a worker, once."""

from django.db import transaction
from django.db.models.functions import Now

from ..conf import get_settings
from ..exceptions import ArtifactError, BuildGivenUp, TextConfigError, VersionStateError
from ..models import Build, IndexVersion
from . import builds, hints, versions
from .catalogue import product_keys
from .entering import enter_for_reindex

Kind = Build.Kind
State = Build.State
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


def begin(build_id: int) -> None:
    """Begin a build that waits; one that does not wait any more is left alone."""
    build = Build.objects.running().filter(pk=build_id, step=Step.QUEUED).first()
    if build is None:
        return
    try:
        if build.kind == Kind.REBUILD:
            versions.request_rebuild(force=True, build=build)
        else:
            _reindex(build)
    except (BuildGivenUp, VersionStateError):
        return  # cancelled, or another process is beginning it at this moment
    except (ArtifactError, TextConfigError) as error:
        builds.end(State.FAILED, reason=str(error))
        return
    except Exception as error:
        builds.note_trouble(build.pk, f"{type(error).__name__}: {error}")
        raise
    hints.publish("index_stale", times=get_settings().index_parallel)


def begin_waiting() -> None:
    """Begin the build whose message was lost."""
    for build in Build.objects.running().filter(step=Step.QUEUED):
        begin(build.pk)


def _reindex(build: Build) -> None:
    if not IndexVersion.objects.written().exists():
        builds.end(State.FAILED, reason="There is no index version to reindex; rebuild instead.")
        return
    with transaction.atomic():
        marked = enter_for_reindex(product_keys().iterator())
        builds.begin(build.pk)
        active = IndexVersion.objects.active()
        Build.objects.filter(pk=build.pk).update(
            total=marked, step=Step.ENCODING, step_at=Now(), version=active and active.pk
        )
