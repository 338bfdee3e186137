"""The life of index versions: begin, activate, roll back."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from ..conf import get_settings
from ..encoders.cache import FoundArtifact, artifact_in_settings, find_artifact, holds_artifact, prove
from ..exceptions import ArtifactError, BuildGivenUp, NoVersion, VersionStateError
from ..models import Build, IndexVersion, KeptCount
from ..resilience import Attempts
from ..sentences import lazily as _
from ..sentences import said
from .connections import unhurried
from .databases import try_text_config
from .hnsw import broken_indexes, check_memory
from .locks import only_one
from .marks import enter_products
from .outbox import gather_marks
from .reconcile import product_keys, reconcile, repictured_keys
from .removal import drop_version, give_up_version, note_trouble

State = IndexVersion.State
REMEDY = _(
    "When the cause is mended, run: manage.py search_index reindex; it is activated automatically once it is no worse."
    " To use it as it is: manage.py search_index activate %(version)s --force."
    " To give it up: manage.py search_index drop %(version)s."
)


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
        TooLittleMemory: Postgres may not use enough of it for the HNSW indexes.
        BuildGivenUp: the build that was given does not wait any more.
        VersionStateError: another process is beginning a version at this moment.
        BuildStateError: a reindex runs, which only `force` ends.
    """
    artifact = artifact_in_settings()
    prove(artifact)
    manifest = artifact.manifest
    config = get_settings().text_config
    try_text_config(config)
    with only_one("rebuild") as alone:
        if not alone:
            raise VersionStateError(
                _("Another process is beginning a version; look at the status in a moment.")
            )
        if build is not None:
            # Or its own version, begun a moment ago, would be taken for an abandoned one.
            Build.objects.check_waits(build.pk)
        if not force:
            unneeded = _unneeded(artifact, config)
            if unneeded is not None:
                return unneeded
            if build is None:
                Build.objects.check_no_reindex()
        check_memory(_embeddings_expected(), manifest.dimension)
        for abandoned in IndexVersion.objects.filter(state=State.BUILDING):
            # One that cannot be dropped keeps the reason and is tried again by beat; it is in no newer build's way.
            with Attempts("A newer build").at(f"dropping {abandoned}", partial(note_trouble, abandoned.pk)):
                if give_up_version(abandoned, "A newer build took its place."):
                    drop_version(abandoned)
        with transaction.atomic():
            version = IndexVersion.objects.create(
                artifact_path=str(artifact.folder),
                artifact_name=manifest.name,
                fingerprint=manifest.fingerprint,
                dimension=manifest.dimension,
                text_config=config,
            )
            if build is None:
                Build.objects.end(Build.State.FAILED, reason="A newer build took its place.")
                build = Build.objects.queue(Build.Kind.REBUILD)
            Build.objects.begin(build.pk, version_id=version.pk)
        fill(version)
    return Rebuild(version, True, f"Version {version.pk} is being built: {version.total} products.")


def _embeddings_expected() -> int:
    """How many embeddings the larger of a new version's indexes is to hold: a text of every product, or the pictures that there were."""
    active = IndexVersion.objects.active()
    pictures = KeptCount.objects.pictures_of(active) if active else 0
    return max(product_keys().count(), pictures)


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
        version.total = enter_products(product_keys().iterator(), reread=False)
        wanted = IndexVersion.objects.filter(pk=version.pk, state=State.BUILDING)
        if not wanted.update(total=version.total):
            raise BuildGivenUp(f"Version {version.pk} was given up while its products were being marked.")
        Build.objects.set_total(version.pk, version.total)


def activate(version_id: int, *, without_artifact: bool = False, force: bool = False) -> IndexVersion:
    """Let searches use a version, in one transaction; the former one is kept for going back.

    Args:
        version_id: number of the version.
        without_artifact: do so although its artifact is nowhere to be found, so that searches are by words only.
        force: do so although it is held back. A version that was active before needs none: going back to it is
            somebody's decision already.

    Raises:
        ArtifactError: no known folder holds its artifact, or it cannot be loaded.
        NoVersion: there is no such version.
        VersionStateError: it is neither ready nor retired, is held back, or lacks a valid index.
    """
    if not without_artifact:
        _expect_artifact(version_id)
    with transaction.atomic():
        versions = {
            version.pk: version for version in IndexVersion.objects.select_for_update().order_by("pk")
        }
        version = versions.get(version_id)
        if version is None:
            raise NoVersion(said(_("There is no index version %(version)s."), version=version_id))
        if version.state not in (State.READY, State.RETIRED, State.ACTIVE):
            raise VersionStateError(
                said(
                    _("Version %(version)s is %(state)s; only a ready or retired one can be activated."),
                    version=version.pk,
                    state=State(version.state).label,
                )
            )
        if version.state == State.READY and version.held and not force:
            raise VersionStateError(
                said(
                    _("Version %(version)s is held back: %(why)s %(remedy)s"),
                    version=version.pk,
                    why=version.held,
                    remedy=said(REMEDY, version=version.pk),
                )
            )
        broken = [] if version.state == State.ACTIVE else broken_indexes(version)
        if broken:
            raise VersionStateError(
                said(
                    _("Version %(version)s lacks a valid index: %(names)s."),
                    version=version.pk,
                    names=", ".join(broken),
                )
            )
        # Asked for again, it may have been switched to by a process that ended before it had compared anything.
        missed_changes = version.state != State.READY
        for other in versions.values():
            if other.state == State.ACTIVE and other != version:
                other.state = State.RETIRED
                other.save(update_fields=["state"])
        if version.state != State.ACTIVE:
            version.state = State.ACTIVE
            version.activated_at = timezone.now()
            version.held = ""
            version.save(update_fields=["state", "activated_at", "held"])
        Build.objects.end(Build.State.DONE, version_id=version.pk)
        Build.objects.end_well(version.pk)
    if missed_changes:
        _catch_up(version)
    return version


def _catch_up(version: IndexVersion) -> None:
    """Have indexed what changed while a version received no changes."""
    with Attempts(f"Catching up {version}") as attempts:
        with attempts.at("what differs"):
            reconcile()
        for former in IndexVersion.objects.filter(state=State.RETIRED):
            with attempts.at(f"pictures that {former} knows to be others"):
                enter_products(repictured_keys(version, former), reread=True)


def _expect_artifact(version_id: int) -> None:
    version = IndexVersion.objects.filter(pk=version_id, state__in=(State.READY, State.RETIRED)).first()
    if version is None:
        return  # active already, or refused for another reason
    try:
        found = find_artifact(version)
        prove(found)
    except ArtifactError as error:
        raise ArtifactError(
            f"Version {version.pk} is not activated, because searches would be by words only: {error}"
        ) from error
    _note_folder(version, found)


def versions_without_artifact() -> list[tuple[IndexVersion, str]]:
    """Return the versions other than the active one that lack their artifact here, each with the reason."""
    lacking = []
    for version in IndexVersion.objects.exclude(state__in=(State.FAILED, State.ACTIVE)).order_by("pk"):
        try:
            prove(find_artifact(version))
        except ArtifactError as error:
            lacking.append((version, str(error)))
    return lacking


def mend_folders() -> list[str]:
    """Note where the artifacts of versions are now, where the folders noted do not hold them any more; return sentences.

    A folder that this process has corrected once stays as others have it: hosts may have different ones.
    """
    sentences = []
    for version in IndexVersion.objects.exclude(state=State.FAILED).order_by("pk"):
        noted = (version.pk, version.artifact_path)
        if noted in _corrected:
            continue
        try:
            found = find_artifact(version)
        except ArtifactError:
            continue  # checks, dashboard and workers say so
        sentence = _note_folder(version, found)
        if sentence:
            _corrected.add(noted)
            sentences.append(sentence)
    return sentences


def _note_folder(version: IndexVersion, found: FoundArtifact, *, prefer: bool = False) -> str:
    """Note a version's folder unless the one that is noted holds its artifact; return a sentence where it was changed."""
    before = version.artifact_path
    if before == str(found.folder) or (not prefer and holds_artifact(Path(before), version.fingerprint)):
        return ""
    version.artifact_path, version.artifact_name = str(found.folder), found.manifest.name
    IndexVersion.objects.filter(pk=version.pk).update(
        artifact_path=version.artifact_path, artifact_name=version.artifact_name
    )
    return f"The artifact of version {version.pk} is noted in {found.folder} now, no longer in {before}."


def roll_back(*, without_artifact: bool = False) -> IndexVersion:
    """Activate the version that was active before, and bring up to date what changed meanwhile.

    Args:
        without_artifact: do so although its artifact is nowhere to be found.

    Raises:
        ArtifactError: no known folder holds its artifact, or it cannot be loaded.
        NoVersion: no retired version is kept.
    """
    return activate(former_version().pk, without_artifact=without_artifact)


def former_version() -> IndexVersion:
    """Return the version that was active before.

    Raises:
        NoVersion: no retired version is kept.
    """
    former = IndexVersion.objects.filter(state=State.RETIRED).order_by("-activated_at").first()
    if former is None:
        raise NoVersion(_("No retired version is kept to roll back to."))
    return former


def discard(version_id: int, *, by: str = "the command line") -> IndexVersion:
    """Give up a version that is ready and not active, such as one that is held back; workers drop it.

    Raises:
        NoVersion: there is no such version.
        VersionStateError: it is not ready.
    """
    version = IndexVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise NoVersion(said(_("There is no index version %(version)s."), version=version_id))
    if version.state != State.READY or not give_up_version(version, f"Given up by {by}."):
        raise VersionStateError(
            said(
                _("Version %(version)s is %(state)s; only a ready one can be given up."),
                version=version.pk,
                state=State(version.state).label,
            )
        )
    return version


def _unneeded(artifact: FoundArtifact, config: str) -> Rebuild | None:
    fingerprint = artifact.manifest.fingerprint
    wanted = IndexVersion.objects.filter(fingerprint=fingerprint).order_by("-pk")
    building = wanted.filter(state=State.BUILDING).first()
    if building is not None and building.config == config:
        noted = _note_folder(building, artifact, prefer=True)
        return Rebuild(building, False, f"{noted} Version {building.pk} is being built already.".lstrip())
    active = IndexVersion.objects.active()
    if active is None or (active.fingerprint, active.config) != (fingerprint, config):
        return None
    noted = _note_folder(active, artifact, prefer=True)
    marked = reconcile()
    changes = f"{marked} changed products are being indexed" if marked else "no product has changed"
    sentence = f"Version {active.pk} has this artifact and {changes}; --force builds a new one."
    return Rebuild(active, False, f"{noted} {sentence}".lstrip())


_corrected: set[tuple[int, str]] = set()  # versions and folders that this process has corrected
