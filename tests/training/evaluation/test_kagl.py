import json

import numpy as np
import pytest

from search.encoders.sessions import load_artifact
from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import product, write_catalogue
from training.data import Catalogue
from training.evaluation import evaluators
from training.evaluation.evaluators import ArtifactModel, Setting, evaluate_gallery
from training.evaluation.kagl import ground_truth_of_val, kagl_texts, kagl_values, read_ground_truth
from training.evaluation.retrieval import nearest

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
    monkeypatch.setattr(evaluators, "read_catalogue", read)
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


@pytest.fixture
def model(tmp_path):
    write_tiny_artifact(tmp_path / "artifact")
    return ArtifactModel(load_artifact(tmp_path / "artifact"))


@pytest.fixture
def setting(tmp_path):
    return Setting(data=write_catalogue(tmp_path / "shop", 16), cache=tmp_path / "cache")


def with_truth(setting, truth):
    file = setting.cache.parent / "truth.json"
    file.write_text(json.dumps(truth))
    return Setting(data=setting.data, cache=setting.cache, ground_truth=file)


def test_a_ground_truth_file_is_asked_of_the_whole_catalogue(model, setting):
    # Of 16 squares numbers 0, 4, 8 and 12 are red, 1, 5, 9 and 13 green, 2, 6, 10 and 14 blue.
    truth = {"red": {"0": 1, "4": 1, "8": 1, "12": 1}, "blue": {"1": 1, "2": 1, "3": 0}}
    figures = kagl_texts(model, with_truth(setting, truth))["kagl text_to_image all"]
    assert (figures["queries"], figures["gallery"]) == (2, 16)
    assert (figures["relevant per query"], figures["relevant missing"]) == (3.0, 0)
    # "red" finds all four, the first of them at rank 1. "blue" finds four blue squares before any green one.
    assert 0.125 <= figures["recall@1"] <= (0.25 + 0.5) / 2
    assert figures["recall@10"] >= (1 + 0.5) / 2
    assert 0.5 * (1 + 1 / 4) <= figures["mrr@10"] <= 1.0
    assert figures["average recall"] == pytest.approx((figures["recall@1"] + figures["recall@10"]) / 2)


def test_a_product_that_the_catalogue_lacks_was_not_found(model, setting):
    truth = {"red": {"0": 1, "4": 1, "8": 1, "12": 1, "gone": 1}, "green": {"away": 1}}
    figures = kagl_texts(model, with_truth(setting, truth))["kagl text_to_image all"]
    assert figures["relevant missing"] == 2
    assert figures["recall@10"] == pytest.approx((4 / 5 + 0) / 2)
    assert figures["mrr@10"] == pytest.approx((1 + 0) / 2)


def test_a_ground_truth_of_another_catalogue_is_refused(model, setting):
    with pytest.raises(ValueError, match=r"^No product of the ground truth is in .*shop\.$"):
        kagl_texts(model, with_truth(setting, {"red": {"gone": 1}}))


def test_without_a_file_the_val_names_ask_as_in_our_own_protocol(model, setting):
    ours = evaluate_gallery(model, setting.data, setting.cache, "all")["text_to_image all"]
    kagl = kagl_texts(model, setting)["kagl text_to_image all"]
    same = ("queries", "gallery", "recall@1", "recall@10", "mrr@10", "ndcg@10")
    assert {name: kagl[name] for name in same} == {name: ours[name] for name in same}
    assert (kagl["queries"], kagl["gallery"]) == (4, 16)


def test_the_gallery_may_be_val_only(model, setting):
    figures = kagl_texts(model, Setting(data=setting.data, cache=setting.cache, gallery="val"))
    assert figures["kagl text_to_image val"]["gallery"] == 4


def test_every_product_of_a_val_name_is_relevant():
    products = [product("1", name="A"), product("2", name="A", split="val"), product("3", name="B")]
    assert ground_truth_of_val(products) == {"A": ["1", "2"]}
    with pytest.raises(ValueError, match="no products of split val"):
        ground_truth_of_val(products[:1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "is not a ground truth"),
        ({"red": ["1"]}, "is not a ground truth"),
        ({}, "has no query"),
        ({"red": {"1": 0}}, "has no relevant product for 'red'"),
    ],
)
def test_another_form_is_refused(content, message, tmp_path):
    file = tmp_path / "truth.json"
    file.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_ground_truth(file)
