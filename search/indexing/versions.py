"""The life of index versions: begin, activate, roll back."""

from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.utils import timezone

from ..artifact import read_manifest
from ..attempts import Attempts
from ..conf import get_settings
from ..exceptions import BuildGivenUp, NoVersion, VersionStateError
from ..models import Build, IndexVersion
from . import builds
from .catalogue import product_keys, repictured_keys
from .dropping import drop_version, give_up, note_trouble
from .entering import enter, gather_marks
from .hnsw import broken_indexes
from .locks import only_one
from .reconcile import reconcile
from .text_config import try_text_config
from .unhurried import unhurried

State = IndexVersion.State


@dataclass(frozen=True, slots=True)
class Rebuild:
    """What a request to rebuild came to, with a sentence for people."""

    version: IndexVersion
    begun: bool  # a new version was begun
    sentence: str


def request_rebuild(*, force: bool = False, build: Build | None = None) -> Rebuild:
    """Begin a new version from the artifact in the settings, unless nothing would come of it.

    Args:
        force: begin one although the active version has the same artifact, or a build is running.
        build: the record that waits for it; without one, it gets its own.

    Raises:
        ArtifactError: the artifact in the settings cannot be used.
        TextConfigError: Postgres cannot use the text search configuration in the settings.
        BuildGivenUp: the build that was given does not wait any more.
        VersionStateError: another process is beginning a version at this moment.
        BuildStateError: a reindex runs, which only `force` ends.
    """
    artifact = get_settings().artifact.absolute()
    manifest = read_manifest(artifact)
    config = get_settings().text_config
    try_text_config(config)
    with only_one("rebuild") as alone:
        if not alone:
            raise VersionStateError("Another process is beginning a version; look at the status in a moment.")
        if not force:
            unneeded = _unneeded(manifest.fingerprint, config)
            if unneeded is not None:
                return unneeded
            if build is None:
                builds.check_no_reindex()
        for abandoned in IndexVersion.objects.filter(state=State.BUILDING):
            # One that cannot be dropped keeps the reason and is tried again by beat; it is in no newer build's way.
            with Attempts("A newer build").at(f"dropping {abandoned}", partial(note_trouble, abandoned.pk)):
                if give_up(abandoned, "A newer build took its place."):
                    drop_version(abandoned)
        with transaction.atomic():
            version = IndexVersion.objects.create(
                artifact_path=str(artifact),
                artifact_name=manifest.name,
                fingerprint=manifest.fingerprint,
                dimension=manifest.dimension,
                text_config=config,
            )
            if build is None:
                builds.end(Build.State.FAILED, reason="A newer build took its place.")
                build = builds.create(Build.Kind.REBUILD)
            builds.begin(build.pk, version_id=version.pk)
        fill(version)
    return Rebuild(version, True, f"Version {version.pk} is being built: {version.total} products.")


@unhurried()
def fill(version: IndexVersion) -> None:
    """Mark every product for a version that has just been committed, and note how many there are.

    The version is committed before the products are read: a worker that missed the version then finishes with
    an older mark, and the product stays in the outbox.

    Raises:
        BuildGivenUp: it was cancelled meanwhile; nothing is marked then.
    """
    gather_marks()  # what was changed before is the build's own work, and is waited for
    with transaction.atomic():
        version.total = enter(product_keys().iterator(), reread=False)
        wanted = IndexVersion.objects.filter(pk=version.pk, state=State.BUILDING)
        if not wanted.update(total=version.total):
            raise BuildGivenUp(f"Version {version.pk} was given up while its products were being marked.")
        builds.set_total(version.pk, version.total)


def activate(version_id: int) -> IndexVersion:
    """Let searches use a version, in one transaction; the former one is kept for going back.

    Raises:
        NoVersion: there is no such version.
        VersionStateError: it is neither ready nor retired, or lacks a valid index.
    """
    with transaction.atomic():
        versions = {
            version.pk: version for version in IndexVersion.objects.select_for_update().order_by("pk")
        }
        version = versions.get(version_id)
        if version is None:
            raise NoVersion(f"There is no index version {version_id}.")
        if version.state not in (State.READY, State.RETIRED, State.ACTIVE):
            raise VersionStateError(
                f"Version {version.pk} is {version.state}; only a ready or retired one can be activated."
            )
        broken = [] if version.state == State.ACTIVE else broken_indexes(version)
        if broken:
            raise VersionStateError(f"Version {version.pk} lacks a valid index: {', '.join(broken)}.")
        # Asked for again, it may have been switched to by a process that ended before it had compared anything.
        missed_changes = version.state != State.READY
        for other in versions.values():
            if other.state == State.ACTIVE and other != version:
                other.state = State.RETIRED
                other.save(update_fields=["state"])
        if version.state != State.ACTIVE:
            version.state = State.ACTIVE
            version.activated_at = timezone.now()
            version.save(update_fields=["state", "activated_at"])
        builds.end(Build.State.DONE, version_id=version.pk)
    if missed_changes:
        _catch_up(version)
    return version


def _catch_up(version: IndexVersion) -> None:
    """Have indexed what changed while a version received no changes."""
    reconcile()
    for former in IndexVersion.objects.filter(state=State.RETIRED):
        enter(repictured_keys(version, former).iterator(), reread=True)


def roll_back() -> IndexVersion:
    """Activate the version that was active before, and bring up to date what changed meanwhile.

    Raises:
        NoVersion: no retired version is kept.
    """
    return activate(former_version().pk)


def former_version() -> IndexVersion:
    """Return the version that was active before.

    Raises:
        NoVersion: no retired version is kept.
    """
    former = IndexVersion.objects.filter(state=State.RETIRED).order_by("-activated_at").first()
    if former is None:
        raise NoVersion("No retired version is kept to roll back to.")
    return former


def _unneeded(fingerprint: str, config: str) -> Rebuild | None:
    wanted = IndexVersion.objects.filter(fingerprint=fingerprint).order_by("-pk")
    building = wanted.filter(state=State.BUILDING).first()
    if building is not None and building.config == config:
        return Rebuild(building, False, f"Version {building.pk} is being built already.")
    active = IndexVersion.objects.active()
    if active is None or (active.fingerprint, active.config) != (fingerprint, config):
        return None
    marked = reconcile()
    changes = f"{marked} changed products are being indexed" if marked else "no product has changed"
    return Rebuild(
        active, False, f"Version {active.pk} has this artifact and {changes}; --force builds a new one."
    )
