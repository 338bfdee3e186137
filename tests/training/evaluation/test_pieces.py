from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from search.encoders.pictures import ImageSpec
from search.encoders.proposals import overlap
from search.encoders.sessions import load_artifact
from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import write_catalogue
from training.evaluation import pieces as module
from training.evaluation.evaluators import ArtifactModel, CachedModel, Setting
from training.evaluation.pieces import SIZE, pieces, scenes


def on_white():
    """Products of vivid colours on white."""
    pictures = []
    for colour in ("red", "blue", "lime", "magenta"):
        picture = Image.new("RGB", (42, 56), "white")
        picture.paste(colour, (10, 12, 34, 48))
        pictures.append(np.asarray(picture))
    return np.stack(pictures)


@pytest.fixture
def model(tmp_path):
    write_tiny_artifact(tmp_path / "artifact")
    return ArtifactModel(load_artifact(tmp_path / "artifact"))


@pytest.fixture
def setting(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "read_catalogue", lambda *args, **options: SimpleNamespace(pixels=on_white()))
    monkeypatch.setattr(module, "SCENES", 60)
    return Setting(data=write_catalogue(tmp_path / "shop", 8), cache=tmp_path / "cache")


def test_a_scene_has_its_products_where_it_says(monkeypatch):
    monkeypatch.setattr(module, "SCENES", 9)
    drawn = list(scenes(on_white(), 1))
    assert [len(scene.boxes) for scene in drawn] == [1, 2, 3] * 3
    assert all(
        np.array_equal(one.photo, again.photo)
        for one, again in zip(drawn, scenes(on_white(), 1), strict=True)
    )
    high, wide = SIZE
    for scene in drawn:
        for left, top, right, bottom in scene.boxes:
            inside = scene.photo[int(top * high) : int(bottom * high), int(left * wide) : int(right * wide)]
            assert (np.ptp(inside.astype(int), axis=-1) > 200).mean() > 0.8  # vivid, as the products are
        assert all(
            overlap(one, other) < 0.01 for one in scene.boxes for other in scene.boxes if one is not other
        )


def test_products_are_counted_that_a_box_covers(model, setting, tmp_path):
    figures = pieces(CachedModel(model, "tiny", tmp_path), setting)
    assert [figures[f"pieces, scenes of {number}"]["products"] for number in (1, 2, 3)] == [20, 40, 60]
    one, three = figures["pieces, scenes of 1"], figures["pieces, scenes of 3"]
    assert one["found"] > 0.5 > three["found"]  # cells of a third of the photo's width are coarse for three
    assert one["touched"] > 0.8
    assert 0.2 < three["overlap"] < one["overlap"] < 1


def test_what_cannot_be_measured_is_said(model, setting, monkeypatch):
    monkeypatch.setattr(model, "encode_cells", lambda image: None)
    with pytest.raises(ValueError, match="gives no map of cells"):
        pieces(model, setting)
    run = SimpleNamespace(spec=ImageSpec(6, 8))
    with pytest.raises(ValueError, match="needs an artifact: export the run first"):
        pieces(run, setting)
    with pytest.raises(ValueError, match="Fewer than three products stand on white"):
        list(scenes(np.zeros((3, 56, 42, 3), dtype=np.uint8), 1))
