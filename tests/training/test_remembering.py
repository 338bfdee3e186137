import numpy as np
import pytest

from search.preprocessing import ImageSpec
from tests.tiny_artifact import write_tiny_artifact
from training.remembering import Remembering, fingerprint_of

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
    remembering = Remembering(counting, "a", tmp_path / "kept")
    first = remembering.encode_pixels(PIXELS)
    assert first.tolist() == [[0.0, 1.0, 2.0], [144.0, 145.0, 146.0]]
    again = Remembering(counting, "a", tmp_path / "kept").encode_pixels(PIXELS.copy())
    assert again.tolist() == first.tolist()
    assert counting.asked == 1
    assert remembering.encode_texts(["red", "a"]).tolist() == [[3.0], [1.0]]
    remembering.encode_texts(("red", "a"))
    assert counting.asked == 2
    assert sorted(file.suffix for file in (tmp_path / "kept").iterdir()) == [".npy", ".npy"]


def test_other_input_another_shape_and_another_encoder_are_encoded(counting, tmp_path):
    remembering = Remembering(counting, "a", tmp_path)
    remembering.encode_pixels(PIXELS)
    remembering.encode_pixels(PIXELS[:1])
    remembering.encode_pixels(PIXELS.reshape(2, 6, 8, 3))
    Remembering(counting, "b", tmp_path).encode_pixels(PIXELS)
    assert counting.asked == 4
    remembering.encode_texts(["red a"])
    remembering.encode_texts(["red", "a"])
    assert counting.asked == 6


def test_an_encoder_that_fails_leaves_nothing(counting, tmp_path):
    def fail(texts):
        raise ValueError("no")

    counting.encode_texts = fail
    with pytest.raises(ValueError, match="no"):
        Remembering(counting, "a", tmp_path).encode_texts(["red"])
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
