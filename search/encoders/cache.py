"""Where artifacts are, and the encoders of an index version: found by fingerprint, loaded once per process.

A version notes the folder that it was built from, which means nothing on another host or after that folder has moved. So searches,
workers and checks all find a version's artifact here, by looking into the same folders in the same order.
"""

import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import NamedTuple, Protocol

from ..conf import NO_MODEL, PACKAGED, get_settings
from ..exceptions import ArtifactError
from .artifact import FILES, Manifest, peek_manifest, read_manifest
from .sessions import Encoders

RETRY_SECONDS = 2.0  # after which an artifact that was missing or damaged is looked for again
KEPT = 4  # encoders of so many artifacts are kept in memory
MOST_CHILDREN = 1000  # of a folder that are looked at: beside an artifact there may be anything

Signature = tuple[tuple[int, ...], ...]


class HasArtifact(Protocol):
    """What an index version says about its artifact."""

    @property
    def artifact_path(self) -> str:
        """The folder that the version was built from."""

    @property
    def fingerprint(self) -> str:
        """The artifact's fingerprint."""


class ArtifactKey(NamedTuple):
    """What an artifact is found by; equal for versions that share it, so that caches can be keyed by it."""

    artifact_path: str
    fingerprint: str

    @classmethod
    def of(cls, version: HasArtifact) -> "ArtifactKey":
        """Return that of a version."""
        return cls(version.artifact_path, version.fingerprint)


@dataclass(frozen=True, slots=True)
class FoundArtifact:
    """A folder whose files are those that its manifest describes."""

    folder: Path
    manifest: Manifest


def known_folders(stored: str = "") -> list[Path]:
    """Return the folders that may be an artifact, in the order in which they are looked at.

    That of the setting ARTIFACT, those in ARTIFACT_FOLDERS, those in the package, those beside that of the setting, and the stored one.

    Args:
        stored: the folder that a version was built from.
    """
    settings = get_settings()
    own = settings.artifact.absolute()
    folders = [own]
    for parent in settings.artifact_folders:
        folders += [parent.absolute(), *_children(parent.absolute())]
    folders += [*_children(PACKAGED), *_children(own.parent)]
    if stored:
        folders.append(Path(stored))
    return list(dict.fromkeys(folders))


def find_artifact(version: HasArtifact) -> FoundArtifact:
    """Return the first known folder that holds a version's artifact, whole.

    Files are read only where they may have changed since they were read last.

    Raises:
        ArtifactError: none does; the message names the folders that were expected to.
    """
    own = get_settings().artifact.absolute()
    reasons = [NO_MODEL] if _is_not_installed(own) else []
    expected = {own, Path(version.artifact_path)}
    for folder in known_folders(version.artifact_path):
        claims = False
        try:
            manifest = peek_manifest(folder)
            claims = manifest.fingerprint == version.fingerprint
            if claims:
                return FoundArtifact(folder, _read(folder))
            if folder in expected:
                reasons.append(f"{folder} holds the artifact {manifest.name!r}, not the one of this version.")
        except ArtifactError as error:
            if claims or folder in expected:
                reasons.append(str(error))
    name = getattr(version, "artifact_name", "")
    raise ArtifactError(
        f"The artifact {name + ' ' if name else ''}({version.fingerprint[:8]}) is in none of the known folders."
        f" {' '.join(reasons)}"
    )


def holds_artifact(folder: Path, fingerprint: str) -> bool:
    """Return whether a folder holds an artifact of this fingerprint, whole."""
    try:
        return peek_manifest(folder).fingerprint == fingerprint and bool(_read(folder))
    except ArtifactError:
        return False


def artifact_in_settings() -> FoundArtifact:
    """Return the artifact that a rebuild would use.

    Raises:
        ArtifactError: it is missing or damaged; where it is one of those that ship, and these are not installed, the message says how.
    """
    folder = get_settings().artifact.absolute()
    if _is_not_installed(folder):
        raise ArtifactError(NO_MODEL)
    return FoundArtifact(folder, _read(folder))


def prove(found: FoundArtifact) -> None:
    """Load an artifact's models as a search or a worker would; once per process, and not kept.

    Raises:
        ArtifactError: they cannot be loaded, or give embeddings of another dimension than the manifest says.
    """
    if found.manifest.fingerprint not in _proved:
        Encoders(found.folder, found.manifest, threads=1).start()
        _proved.add(found.manifest.fingerprint)


def encoders_for(version: HasArtifact) -> Encoders:
    """Return the encoders that a version was built with.

    Encoders that run in this process go on after their folder is gone; an artifact that was not found is looked for again after RETRY_SECONDS.

    Raises:
        ArtifactError: no known folder holds the artifact, whole; vectors of two artifacts are never compared.
    """
    settings = get_settings()
    key = (version.fingerprint, settings.encoder_threads)
    held = _loaded.get(key)
    if held is not None and (held.is_started or _is_as_it_was(held.folder)):
        _loaded.move_to_end(key)
        return held
    looked = (version.fingerprint, version.artifact_path, settings.artifact, settings.artifact_folders)
    lost = _lost.get(looked)
    if lost is None or lost[0] <= monotonic():
        try:
            found = find_artifact(version)
        except ArtifactError as error:
            _lost[looked] = lost = (monotonic() + RETRY_SECONDS, str(error))
        else:
            _lost.pop(looked, None)
            _loaded[key] = Encoders(found.folder, found.manifest, threads=settings.encoder_threads)
            while len(_loaded) > KEPT:
                _loaded.popitem(last=False)
            return _loaded[key]
    if held is not None:
        return held
    raise ArtifactError(lost[1])


def forget_artifacts() -> None:
    """Forget what this process has read and loaded."""
    for kept in (_seen, _loaded, _lost, _proved):
        kept.clear()


def _is_not_installed(folder: Path) -> bool:
    """Whether a folder is one of those that ship, where these are not installed."""
    return folder.parent == PACKAGED and not PACKAGED.is_dir()


def _read(folder: Path) -> Manifest:
    """Return the manifest of a folder whose files agree with it; they are read again where they have changed."""
    signature = _signature(folder)
    seen = _seen.get(folder)
    if seen is not None and seen[0] == signature:
        return seen[1]
    manifest = read_manifest(folder)
    if signature and signature == _signature(folder):  # else it is being written at this moment
        _seen[folder] = (signature, manifest)
    return manifest


def _is_as_it_was(folder: Path) -> bool:
    seen = _seen.get(folder)
    return seen is not None and seen[0] == _signature(folder)


def _signature(folder: Path) -> Signature:
    """Return what changes with a folder's files, unlike their content cheap to read; () where one is missing.

    The moment of the last change of a file's status cannot be set back, as that of its content can.
    """
    try:
        read = [(folder / file).stat() for file in ("manifest.json", *FILES)]
    except OSError:
        return ()
    return tuple((one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for one in read)


def _children(folder: Path) -> list[Path]:
    found = []
    try:
        with os.scandir(folder) as children:
            for number, child in enumerate(children):
                if number >= MOST_CHILDREN:
                    break
                if os.path.isfile(f"{child.path}/manifest.json"):  # noqa: PTH113 - Path raises where it may not look
                    found.append(Path(child.path))
    except OSError:
        return []
    return sorted(found)


_seen: dict[Path, tuple[Signature, Manifest]] = {}
_loaded: OrderedDict[tuple[str, int], Encoders] = OrderedDict()
_lost: dict[tuple[object, ...], tuple[float, str]] = {}  # -> (when to look again, what was wrong)
_proved: set[str] = set()  # fingerprints
