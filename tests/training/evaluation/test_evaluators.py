from pathlib import Path

import numpy as np
import pytest

import search
from search.encoders.artifact import read_manifest
from search.encoders.pictures import ImageSpec
from search.encoders.sessions import load_artifact
from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import write_catalogue
from training.evaluation.evaluators import (
    ArtifactModel,
    CachedModel,
    evaluate,
    evaluate_attributes,
    evaluate_gallery,
    fingerprint_of,
    open_model,
)

SHIPPED = Path(search.__file__).parent / "artifacts" / "resnet50_small"


@pytest.fixture
def model(tmp_path):
    write_tiny_artifact(tmp_path / "artifact")
    return open_model(tmp_path / "artifact")


def test_an_artifact_encodes_pixels_as_the_shop_encodes_pictures(model, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (300, 8, 6, 3), dtype=np.uint8)
    assert isinstance(model, ArtifactModel)
    once = load_artifact(tmp_path / "artifact")._image_session.run(None, {"pixels": pixels})[0]
    expected = once / np.linalg.norm(once, axis=1, keepdims=True)
    assert model.encode_pixels(pixels) == pytest.approx(expected, abs=1e-6)


def test_figures_of_the_shipped_artifact_are_still_measured(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 64)
    measured = evaluate(model, data, tmp_path / "cache")
    shipped = read_manifest(SHIPPED).metrics
    for section, figures in shipped["artifact int8"].items():
        assert figures.keys() <= measured[section].keys()
    attributes = evaluate_attributes(model, data, tmp_path / "cache")
    assert shipped["artifact int8, attribute queries, drawn"].keys() <= attributes.keys()


def test_the_val_products_alone_are_a_gallery(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 16)
    figures = evaluate_gallery(model, data, tmp_path / "cache", "val")
    assert list(figures) == ["text_to_image val", "image_to_text val", "image_to_image val"]


def test_large_pictures_are_galleries_of_their_own(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 64, large=range(0, 64, 2))
    for gallery, size in (("val-large", 8), ("large", 32)):
        figures = evaluate_gallery(model, data, tmp_path / "cache", gallery)
        assert list(figures) == [
            f"{way} {gallery}" for way in ("text_to_image", "image_to_text", "image_to_image")
        ]
        assert {section["gallery"] for section in figures.values()} == {size}
        assert figures[f"image_to_image {gallery}"]["queries"] == 8


def test_a_gallery_without_val_products_is_refused(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 16, large=(5, 6))
    with pytest.raises(ValueError, match="No product of the gallery large is of split val"):
        evaluate_gallery(model, data, tmp_path / "cache", "large")


PIXELS = np.arange(2 * 8 * 6 * 3, dtype=np.uint8).reshape(2, 8, 6, 3)


class Counting:
    """Encodes a picture as its first pixel and a text as its length, and counts how often it is asked."""

    spec = ImageSpec(width=6, height=8)

    def __init__(self):
        self.asked = 0

    def encode_pixels(self, pixels):
        self.asked += 1
        return pixels[:, 0, 0].astype(np.float32)

    def encode_texts(self, texts):
        self.asked += 1
        return np.array([[len(text)] for text in texts], dtype=np.float32)


@pytest.fixture
def counting():
    return Counting()


def test_equal_input_is_encoded_once(counting, tmp_path):
    cached = CachedModel(counting, "a", tmp_path / "kept")
    first = cached.encode_pixels(PIXELS)
    assert first.tolist() == [[0.0, 1.0, 2.0], [144.0, 145.0, 146.0]]
    again = CachedModel(counting, "a", tmp_path / "kept").encode_pixels(PIXELS.copy())
    assert again.tolist() == first.tolist()
    assert counting.asked == 1
    assert cached.encode_texts(["red", "a"]).tolist() == [[3.0], [1.0]]
    cached.encode_texts(("red", "a"))
    assert counting.asked == 2
    assert sorted(file.suffix for file in (tmp_path / "kept").iterdir()) == [".npy", ".npy"]


def test_other_input_another_shape_and_another_encoder_are_encoded(counting, tmp_path):
    cached = CachedModel(counting, "a", tmp_path)
    cached.encode_pixels(PIXELS)
    cached.encode_pixels(PIXELS[:1])
    cached.encode_pixels(PIXELS.reshape(2, 6, 8, 3))
    CachedModel(counting, "b", tmp_path).encode_pixels(PIXELS)
    assert counting.asked == 4
    cached.encode_texts(["red a"])
    cached.encode_texts(["red", "a"])
    assert counting.asked == 6


def test_an_encoder_that_fails_leaves_nothing(counting, tmp_path):
    def fail(texts):
        raise ValueError("no")

    counting.encode_texts = fail
    with pytest.raises(ValueError, match="no"):
        CachedModel(counting, "a", tmp_path).encode_texts(["red"])
    assert list(tmp_path.iterdir()) == []


def test_an_artifact_has_the_fingerprint_of_its_manifest(tmp_path):
    manifest = write_tiny_artifact(tmp_path)
    assert fingerprint_of(tmp_path) == manifest.fingerprint


def test_a_run_has_another_fingerprint_once_a_file_changes(tmp_path):
    (tmp_path / "best.weights.h5").write_bytes(b"one")
    first = fingerprint_of(tmp_path)
    (tmp_path / "cache").mkdir()
    assert fingerprint_of(tmp_path) == first
    (tmp_path / "best.weights.h5").write_bytes(b"two")
    second = fingerprint_of(tmp_path)
    (tmp_path / "vectors.npy").write_bytes(b"")
    assert len({first, second, fingerprint_of(tmp_path)}) == 3
