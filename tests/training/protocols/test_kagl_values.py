import numpy as np
import pytest

from tests.training.products import product
from training.data import Catalogue
from training.protocols import setting as setting_module
from training.protocols.kagl_values import kagl_values
from training.protocols.setting import Setting
from training.ranking import nearest

VECTORS = {"Red": (1.0, 0.0, 0.0), "Blue": (0.0, 0.8, 0.6), "Tshirts": (0.0, 0.0, 1.0)}


class Known:
    """Encodes a picture as the vector that its first pixel numbers, and a text as the vector of its word."""

    spec = None

    def encode_pixels(self, pixels):
        return np.eye(3, dtype=np.float32)[pixels[:, 0, 0, 0]]

    def encode_texts(self, texts):
        return np.array([VECTORS.get(text, (0.6, 0.0, 0.8)) for text in texts], dtype=np.float32)


def catalogue(**kind):
    """Twelve red ones, a blue one, a blue one whose picture is red, and one of no colour."""
    products = [product(str(n), name="Red", **kind) for n in range(12)]
    products += [product("12", name="Blue", colour="Blue", **kind)]
    products += [product("13", name="Tshirts", colour="Blue", **kind)]
    products += [product("14", name="Tshirts", colour="", **kind)]
    pixels = np.zeros((15, 1, 1, 3), dtype=np.uint8)
    pixels[12], pixels[14] = 1, 2
    return Catalogue(tuple(products), pixels)


@pytest.fixture
def read(monkeypatch):
    """Give the catalogue in place of a folder's, and note which split is asked."""

    def read(folders, **options):
        read.splits.append(options["split"])
        return read.catalogue

    read.splits = []
    read.catalogue = catalogue(category="Apparel", subcategory="Topwear")
    monkeypatch.setattr(setting_module, "read_catalogue", read)
    return read


def test_value_names_find_their_products(read, tmp_path):
    figures = kagl_values(Known(), Setting(data=tmp_path, cache=tmp_path))
    assert read.splits == ["val"]
    # "Red" fills its ten places. "Blue" finds the one that looks blue, then the one of no colour, and then, by
    # its name alone, the one that looks red.
    assert figures["kagl colour val"] == {
        "queries": 2,
        "gallery": 15,
        "precision@1": 1.0,
        "precision@10": pytest.approx((1.0 + 0.2) / 2),
        "best possible precision@10": pytest.approx((1.0 + 0.2) / 2),
        "mrr@10": 1.0,
    }
    assert {name: section["queries"] for name, section in figures.items()} == {
        "kagl category val": 1,
        "kagl subcategory val": 1,
        "kagl article_type val": 1,
        "kagl colour val": 2,
    }
    without_names = nearest(Known().encode_texts(["Blue"]), np.eye(3, dtype=np.float32), 3)
    assert without_names.tolist() == [[1, 2, 0]]


def test_the_gallery_may_be_everything(read, tmp_path):
    figures = kagl_values(Known(), Setting(data=tmp_path, cache=tmp_path, gallery="all"))
    assert list(figures)[-1] == "kagl colour all"
    assert read.splits == [None]


def test_a_catalogue_without_values_is_refused(read, tmp_path):
    read.catalogue = catalogue()
    with pytest.raises(ValueError, match="has a category"):
        kagl_values(Known(), Setting(data=tmp_path, cache=tmp_path))
