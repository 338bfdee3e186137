import json
from pathlib import Path

import pytest

import search
from search.encoders.artifact import read_manifest, write_manifest
from search.exceptions import ArtifactError
from tests.tiny_artifact import write_tiny_artifact


@pytest.fixture
def folder(tmp_path):
    write_tiny_artifact(tmp_path)
    return tmp_path


def test_what_was_written_is_read(folder):
    manifest = read_manifest(folder)
    assert (manifest.name, manifest.dimension, manifest.image.width) == ("tiny", 32, 6)
    assert len(manifest.fingerprint) == 64


@pytest.mark.parametrize("file", ["image.onnx", "text.onnx", "tokenizer.json"])
def test_one_changed_byte_is_refused(folder, file):
    content = bytearray((folder / file).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / file).write_bytes(content)
    with pytest.raises(ArtifactError, match=f"{file} is not the file that its manifest describes"):
        read_manifest(folder)


def test_a_missing_file_is_named(folder):
    (folder / "text.onnx").unlink()
    with pytest.raises(ArtifactError, match=r"No such file.*text\.onnx"):
        read_manifest(folder)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"format": 1}'])
def test_a_manifest_that_is_none_is_refused(folder, content):
    (folder / "manifest.json").write_text(content)
    with pytest.raises(ArtifactError, match="not a valid manifest"):
        read_manifest(folder)


def test_another_format_is_refused(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 9}))
    with pytest.raises(ArtifactError, match="format 9; this version reads format 1"):
        read_manifest(folder)


def test_the_fingerprint_follows_what_decides_an_embedding(tmp_path):
    same = [write_tiny_artifact(tmp_path / name, name=name).fingerprint for name in ("a", "b")]
    other = write_tiny_artifact(tmp_path / "c", seed=8).fingerprint
    assert same[0] == same[1]
    assert other != same[0]


def test_sources_and_licences_are_kept_and_decide_nothing(folder):
    before = read_manifest(folder)
    assert (before.sources, before.licences) == ((), ())
    write_manifest(
        folder,
        name="tiny",
        dimension=before.dimension,
        image=before.image,
        text=before.text,
        sources=["Drawn squares."],
        licences=["CC0.", "BSD."],
    )
    after = read_manifest(folder)
    assert (after.sources, after.licences) == (("Drawn squares.",), ("CC0.", "BSD."))
    assert after.fingerprint == before.fingerprint


def test_a_margin_of_turns_is_the_manifests_or_the_usual_one(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["turn_margin"] == 0.25
    for stated, read in (({"turn_margin": 0.1}, 0.1), ({}, 0.25)):
        del manifest["turn_margin"]
        manifest |= stated
        (folder / "manifest.json").write_text(json.dumps(manifest))
        assert read_manifest(folder).turn_margin == read
        manifest.setdefault("turn_margin", None)


def test_a_manifest_without_sources_and_licences_is_read(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["sources"], manifest["licences"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert read_manifest(folder).sources == ()


@pytest.mark.parametrize("content", ["Drawn squares.", [1], None, {"a": "b"}])
def test_sources_that_are_no_list_of_texts_are_refused(folder, content):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "sources": content}))
    with pytest.raises(ArtifactError, match="sources is not a list of texts"):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("name", "fingerprint"),
    [
        ("light", "dc98a7898d239e3d0a29fa94fa0ae235e99cb16c251b02d54eda6c04f0905228"),
        ("resnet50", "d7069a0a7dc5c32ccc3f78deb1a07a8967bc761643ae842337f4b036db49fa14"),
        ("resnet50_small", "073e80d9e11c4345ba6ddb9ab10c70bac8e030ef21607fa50539dce4acdfd552"),
    ],
)
def test_the_artifacts_that_ship_name_their_sources_and_licences(name, fingerprint):
    shipped = read_manifest(Path(search.__file__).parent / "artifacts" / name)
    assert shipped.fingerprint == fingerprint
    assert shipped.sources
    assert shipped.licences
