"""An artifact is found by its fingerprint, in the same order by everybody, and is never another one."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from search.encoders import artifact, cache
from search.encoders.artifact import read_manifest
from search.encoders.cache import encoders_for, find_artifact, known_folders, prove
from search.exceptions import ArtifactError
from tests.tiny_artifact import unloadable_artifact, write_tiny_artifact


def version_of(folder: Path, stored: object = None) -> SimpleNamespace:
    return SimpleNamespace(
        artifact_path=str(folder if stored is None else stored), fingerprint=read_manifest(folder).fingerprint
    )


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """An artifact like no other, in a folder that nobody knows."""
    write_tiny_artifact(tmp_path / "elsewhere" / "a", seed=9)
    return tmp_path / "elsewhere" / "a"


@pytest.fixture
def moved(elsewhere: Path, search_settings) -> SimpleNamespace:
    """A version of it, whose stored folder is gone."""
    return version_of(elsewhere, "/srv/releases/1/artifact")


def test_encoders_are_loaded_once_per_process(tiny_artifact):
    assert encoders_for(version_of(tiny_artifact)) is encoders_for(version_of(tiny_artifact))


def test_the_folder_of_the_setting_comes_first_and_the_stored_one_last(settings, tmp_path):
    for name in ("known/b", "known/a", "side/own", "side/other"):
        write_tiny_artifact(tmp_path / name)
    (tmp_path / "side" / "no artifact").mkdir()
    settings.FASHION_SEARCH = {
        "ARTIFACT": str(tmp_path / "side" / "own"),
        "ARTIFACT_FOLDERS": [str(tmp_path / "known")],
    }
    packaged = [cache.PACKAGED / name for name in ("light", "resnet50", "resnet50_small")]
    names = ("side/own", "known", "known/a", "known/b")
    assert known_folders("/stored") == [
        *(tmp_path / name for name in names), *packaged, tmp_path / "side/other", Path("/stored"),
    ]  # fmt: skip


@pytest.mark.parametrize("way", ["setting", "folder", "within a folder", "beside", "stored"])
def test_an_artifact_that_was_moved_is_found(settings, moved, elsewhere, tiny_artifact, way):
    given = {
        "setting": {"ARTIFACT": str(elsewhere)},
        "folder": {"ARTIFACT_FOLDERS": [elsewhere]},
        "within a folder": {"ARTIFACT_FOLDERS": [str(elsewhere.parent)]},
        "beside": {"ARTIFACT": str(elsewhere.with_name("none"))},
        "stored": {},
    }[way]
    settings.FASHION_SEARCH = {"ARTIFACT": str(tiny_artifact), **given}
    if way == "stored":
        moved.artifact_path = str(elsewhere)
    assert find_artifact(moved).folder == elsewhere
    assert encoders_for(moved).folder == elsewhere


def test_one_that_is_nowhere_says_where_it_was_expected(search_settings, moved, tiny_artifact):
    moved.artifact_name = "old"
    with pytest.raises(ArtifactError) as raised:
        encoders_for(moved)
    assert str(raised.value) == (
        f"The artifact old ({moved.fingerprint[:8]}) is in none of the known folders."
        f" {tiny_artifact} holds the artifact 'tiny', not the one of this version."
        " The artifact /srv/releases/1/artifact cannot be read: No such file or directory:"
        " /srv/releases/1/artifact/manifest.json."
    )


def test_one_that_comes_later_is_found_without_a_restart(settings, moved, elsewhere, monkeypatch):
    looked = []
    real = cache.find_artifact
    monkeypatch.setattr(cache, "find_artifact", lambda version: looked.append(1) or real(version))
    now = [100.0]
    monkeypatch.setattr(cache, "monotonic", lambda: now[0])
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {
        "ARTIFACT_FOLDERS": [str(elsewhere.parent.with_name("later"))]
    }
    for _ in range(3):
        with pytest.raises(ArtifactError):
            encoders_for(moved)
    assert len(looked) == 1  # searches do not look at folders again and again
    elsewhere.parent.rename(elsewhere.parent.with_name("later"))
    now[0] += cache.RETRY_SECONDS
    assert encoders_for(moved).folder == elsewhere.parent.with_name("later") / "a"


def test_a_damaged_one_is_passed_over_for_a_whole_one_and_named_without(settings, elsewhere):
    whole = shutil.copytree(elsewhere, elsewhere.with_name("b"))
    settings.FASHION_SEARCH = {"ARTIFACT": str(elsewhere)}
    version = version_of(elsewhere)
    flipped = bytearray((elsewhere / "text.onnx").read_bytes())
    flipped[100] ^= 0xFF
    (elsewhere / "text.onnx").write_bytes(flipped)
    assert find_artifact(version).folder == whole
    shutil.rmtree(whole)
    with pytest.raises(ArtifactError, match=r"a/text\.onnx is not the file that its manifest describes"):
        find_artifact(version)


def test_an_artifact_that_took_the_place_of_another_is_refused(settings, elsewhere):
    settings.FASHION_SEARCH = {"ARTIFACT": str(elsewhere)}
    version = version_of(elsewhere)
    encoders_for(version)
    write_tiny_artifact(elsewhere, name="other", seed=8)
    with pytest.raises(ArtifactError, match=r"is not the file that its manifest describes"):
        encoders_for(version).encode_texts(["red"])  # not started yet: what is there now is not taken
    cache.forget_artifacts()
    with pytest.raises(ArtifactError, match=r"holds the artifact 'other', not the one of this version\."):
        encoders_for(version)


def test_what_runs_already_needs_its_folder_no_more(settings, elsewhere):
    settings.FASHION_SEARCH = {"ARTIFACT": str(elsewhere)}
    version = version_of(elsewhere)
    encoders_for(version).start()
    shutil.rmtree(elsewhere)
    assert encoders_for(version).encode_texts(["red"]).shape == (1, 32)
    with pytest.raises(ArtifactError):  # but whoever looks at folders is told
        find_artifact(version)


def test_files_are_read_once_until_they_change(settings, elsewhere, monkeypatch):
    settings.FASHION_SEARCH = {"ARTIFACT": str(elsewhere)}
    version = version_of(elsewhere)
    read = []
    real = artifact._sha256
    monkeypatch.setattr(artifact, "_sha256", lambda path: read.append(path.name) or real(path))
    for _ in range(3):
        find_artifact(version)
        encoders_for(version)
    assert sorted(read) == ["image.onnx", "text.onnx", "tokenizer.json"]
    file = elsewhere / "tokenizer.json"
    before = file.stat()
    content = file.read_text()
    file.write_text(content.replace("red", "rot"))  # as long as before, and as old
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ArtifactError, match=r"tokenizer\.json is not the file"):
        find_artifact(version)


def test_a_sealed_artifact_that_cannot_be_loaded_is_no_artifact(settings, tmp_path):
    folder = unloadable_artifact(tmp_path / "a")
    settings.FASHION_SEARCH = {"ARTIFACT": str(folder)}
    found = find_artifact(version_of(folder))
    for _ in range(2):
        with pytest.raises(ArtifactError, match=r"text\.onnx cannot be loaded: "):
            prove(found)
