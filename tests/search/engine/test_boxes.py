"""Boxes that a shopper may choose instead of the whole photo."""

import io

import onnx
import pytest
from PIL import Image

from search.encoders.artifact import TextSpec, write_manifest
from search.encoders.cache import encoders_for
from search.encoders.sessions import load_artifact
from search.engine import photos, search, take_photo
from search.engine.boxes import Box, proposed
from tests.search.indexed import add, unit
from tests.tiny_artifact import IMAGE


def on_a_floor(size=(90, 120), piece=(30, 60, 90, 120)):
    """A white photo with something red in it."""
    photo = Image.new("RGB", size, "white")
    photo.paste("red", piece)
    return photo


def sent(picture):
    file = io.BytesIO()
    picture.save(file, "PNG")
    return io.BytesIO(file.getvalue()), len(file.getvalue())


def pieces_of(picture, encoders):
    return proposed(encoders.encode_photo(picture)[1], picture, encoders.manifest.image)


@pytest.fixture
def shop(version):
    add(version, "shirt", "Shirt", pictures=[unit(1)])
    return version


def test_what_stands_out_of_a_photo_is_proposed(shop):
    answer = search(photo=take_photo(*sent(on_a_floor()), turn=0))
    assert 1 <= len(answer.boxes) <= 3
    assert answer.boxes[0] == Box(0.33, 0.5, 1.0, 1.0)


def test_boxes_lie_on_the_photo_as_it_is_turned(shop):
    answer = search(photo=take_photo(*sent(on_a_floor()), turn=180))
    assert answer.boxes[0] == Box(0.0, 0.0, 0.67, 0.5)


def test_nothing_is_proposed_for_a_part_or_without_a_photo(shop):
    part = take_photo(*sent(on_a_floor()), Box(0.0, 0.2, 1.0, 1.0), turn=0)
    assert search(photo=part).boxes == search("shirt").boxes == ()


def test_boxes_do_not_lie_on_the_margin_of_a_photo_of_another_shape(shop):
    wide = on_a_floor((240, 80), (120, 0, 240, 80))  # its margin above and below is two thirds of the frame
    boxes = pieces_of(wide, encoders_for(shop))
    assert boxes
    assert all(0 <= side <= 1 for box in boxes for side in (box.left, box.top, box.right, box.bottom))


def test_an_encoder_without_a_map_proposes_nothing(tiny_artifact, tmp_path):
    for name in ("text.onnx", "tokenizer.json"):
        (tmp_path / name).write_bytes((tiny_artifact / name).read_bytes())
    model = onnx.load(tiny_artifact / "image.onnx")
    del model.graph.output[1]
    onnx.save(model, tmp_path / "image.onnx")
    write_manifest(tmp_path, name="no map", dimension=32, image=IMAGE, text=TextSpec(max_tokens=8))
    assert pieces_of(on_a_floor(), load_artifact(tmp_path)) == ()


def test_boxes_of_a_photo_that_is_turned_by_itself_are_turned_with_it(shop, monkeypatch):
    monkeypatch.setattr(photos, "surest_turn", lambda embeddings, version, margin: 90)
    answer = search(photo=take_photo(*sent(on_a_floor())))
    assert (answer.turned, answer.boxes[0]) == (90, Box(0.0, 0.33, 0.5, 1.0))


@pytest.mark.parametrize("box", [Box(), Box(0.1, 0.25, 0.9, 1.0), Box(0.33, 0.0, 0.66, 0.07)])
def test_a_box_is_read_as_it_is_written(box):
    assert Box.read(str(box)) == box == Box.of_percent(box.percent())
