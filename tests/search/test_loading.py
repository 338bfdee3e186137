from types import SimpleNamespace

import pytest

from search.artifact import read_manifest
from search.exceptions import ArtifactError
from search.loading import encoders_for
from tests.tiny_artifact import write_tiny_artifact


def version_of(folder):
    return SimpleNamespace(artifact_path=str(folder), fingerprint=read_manifest(folder).fingerprint)


def test_encoders_are_loaded_once_per_process(tiny_artifact):
    assert encoders_for(version_of(tiny_artifact)) is encoders_for(version_of(tiny_artifact))


def test_an_artifact_that_took_the_place_of_another_is_refused(tmp_path):
    write_tiny_artifact(tmp_path / "a")
    version = version_of(tmp_path / "a")
    write_tiny_artifact(tmp_path / "a", name="other", seed=8)

    with pytest.raises(ArtifactError, match=r"holds the artifact 'other', not the one of this version\."):
        encoders_for(version)


def test_a_missing_artifact_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match="cannot be read"):
        encoders_for(SimpleNamespace(artifact_path=str(tmp_path / "gone"), fingerprint="x"))
