"""The encoders of an index version, loaded once per process and refused where the artifact has changed."""

from functools import lru_cache
from typing import Protocol

from .conf import get_settings
from .encoders import Encoders, load_artifact
from .exceptions import ArtifactError


class HasArtifact(Protocol):
    """What an index version says about its artifact."""

    artifact_path: str
    fingerprint: str


def encoders_for(version: HasArtifact) -> Encoders:
    """Return the encoders that a version was built with.

    Raises:
        ArtifactError: the folder is missing or damaged, or holds another artifact by now; vectors of two artifacts
            are never compared.
    """
    return _load(version.artifact_path, version.fingerprint, get_settings().encoder_threads)


@lru_cache(maxsize=4)
def _load(path: str, fingerprint: str, threads: int) -> Encoders:
    encoders = load_artifact(path, threads=threads)
    if encoders.fingerprint != fingerprint:
        raise ArtifactError(
            f"{path} holds the artifact {encoders.manifest.name!r}, not the one of this version."
        )
    return encoders
