import numpy as np
import pytest
from PIL import Image

from search.encoders.pictures import ImageSpec
from tests.training.products import COLOURS, product
from training.data import Catalogue
from training.neighbours import Neighbours

NAMES = list(COLOURS)


class Colours:
    """Pictures and texts of one colour each, a direction per colour."""

    spec = ImageSpec(width=6, height=8)

    def encode_pixels(self, pixels):
        palette = np.array(list(COLOURS.values()), dtype=np.float32)
        mean = pixels.reshape(len(pixels), -1, 3).mean(axis=1)
        return np.eye(4, dtype=np.float32)[np.linalg.norm(mean[:, None] - palette, axis=2).argmin(axis=1)]

    def encode_texts(self, texts):
        rows = np.array([[float(name.lower() in text.lower()) for name in NAMES] for text in texts])
        rows += 0.01
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def neighbours():
    products = tuple(
        product(str(number), name=f"Shirt {number}", colour=name) for number, name in enumerate(NAMES)
    )
    pixels = np.stack([np.full((8, 6, 3), COLOURS[name], dtype=np.uint8) for name in NAMES])
    return Neighbours(Colours(), Catalogue(products, pixels))


def test_pictures_and_similar_words_for_a_text(neighbours):
    answer = neighbours.text("green", 2)
    assert answer.products[0][0] == "1  Shirt 1"
    assert len(answer.products) == len(answer.words) == 2
    assert "green" not in [word.lower() for word, _ in answer.words]


def test_several_words_are_asked_at_once(neighbours):
    assert {label for label, _ in neighbours.text("green or blue", 2).products} == {
        "1  Shirt 1",
        "2  Shirt 2",
    }


def test_tags_and_similar_pictures_for_a_picture(neighbours, tmp_path):
    Image.new("RGB", (60, 80), COLOURS["Blue"]).save(tmp_path / "photo.png")
    answer = neighbours.picture(tmp_path / "photo.png", 1)
    assert answer.words[0][0] == "Blue"
    assert answer.products[0][0] == "2  Shirt 2"
