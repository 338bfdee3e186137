from pathlib import Path

import numpy as np
import pytest

import search
from search.artifact import read_manifest
from search.encoders import load_artifact
from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import write_catalogue
from training.judging import JudgedArtifact, judge, judge_attributes, open_judged

SHIPPED = Path(search.__file__).parent / "artifacts" / "default"


@pytest.fixture
def judged(tmp_path):
    write_tiny_artifact(tmp_path / "artifact")
    return open_judged(tmp_path / "artifact")


def test_an_artifact_encodes_pixels_as_the_shop_encodes_pictures(judged, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (300, 8, 6, 3), dtype=np.uint8)
    assert isinstance(judged, JudgedArtifact)
    once = load_artifact(tmp_path / "artifact")._image_session.run(None, {"pixels": pixels})[0]
    expected = once / np.linalg.norm(once, axis=1, keepdims=True)
    assert judged.encode_pixels(pixels) == pytest.approx(expected, abs=1e-6)


def test_figures_of_the_shipped_artifact_are_still_measured(judged, tmp_path):
    data = write_catalogue(tmp_path / "shop", 64)
    measured = judge(judged, data, tmp_path / "cache")
    shipped = read_manifest(SHIPPED).metrics
    for section, figures in shipped["artifact int8"].items():
        assert figures.keys() <= measured[section].keys()
    attributes = judge_attributes(judged, data, tmp_path / "cache")
    assert shipped["artifact int8, attribute queries, drawn"].keys() <= attributes.keys()


def test_the_whole_gallery_may_be_left_out(judged, tmp_path):
    data = write_catalogue(tmp_path / "shop", 16)
    figures = judge(judged, data, tmp_path / "cache", whole_gallery=False)
    assert list(figures) == ["text_to_image val", "image_to_text val", "image_to_image val"]
