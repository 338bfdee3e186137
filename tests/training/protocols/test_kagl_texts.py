import json

import pytest

from search.encoders import load_artifact
from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import product, write_catalogue
from training.judging import JudgedArtifact, judge_all
from training.protocols.kagl_texts import ground_truth_of_val, kagl_texts, read_ground_truth
from training.protocols.setting import Setting


@pytest.fixture
def judged(tmp_path):
    write_tiny_artifact(tmp_path / "artifact")
    return JudgedArtifact(load_artifact(tmp_path / "artifact"))


@pytest.fixture
def setting(tmp_path):
    return Setting(data=write_catalogue(tmp_path / "shop", 16), cache=tmp_path / "cache")


def with_truth(setting, truth):
    file = setting.cache.parent / "truth.json"
    file.write_text(json.dumps(truth))
    return Setting(data=setting.data, cache=setting.cache, ground_truth=file)


def test_a_ground_truth_file_is_asked_of_the_whole_catalogue(judged, setting):
    # Of 16 squares numbers 0, 4, 8 and 12 are red, 1, 5, 9 and 13 green, 2, 6, 10 and 14 blue.
    truth = {"red": {"0": 1, "4": 1, "8": 1, "12": 1}, "blue": {"1": 1, "2": 1, "3": 0}}
    figures = kagl_texts(judged, with_truth(setting, truth))["kagl text_to_image all"]
    assert (figures["queries"], figures["gallery"]) == (2, 16)
    assert (figures["relevant per query"], figures["relevant missing"]) == (3.0, 0)
    # "red" finds all four, the first of them at rank 1. "blue" finds four blue squares before any green one.
    assert 0.125 <= figures["recall@1"] <= (0.25 + 0.5) / 2
    assert figures["recall@10"] >= (1 + 0.5) / 2
    assert 0.5 * (1 + 1 / 4) <= figures["mrr@10"] <= 1.0
    assert figures["average recall"] == pytest.approx((figures["recall@1"] + figures["recall@10"]) / 2)


def test_a_product_that_the_catalogue_lacks_was_not_found(judged, setting):
    truth = {"red": {"0": 1, "4": 1, "8": 1, "12": 1, "gone": 1}, "green": {"away": 1}}
    figures = kagl_texts(judged, with_truth(setting, truth))["kagl text_to_image all"]
    assert figures["relevant missing"] == 2
    assert figures["recall@10"] == pytest.approx((4 / 5 + 0) / 2)
    assert figures["mrr@10"] == pytest.approx((1 + 0) / 2)


def test_a_ground_truth_of_another_catalogue_is_refused(judged, setting):
    with pytest.raises(ValueError, match=r"^No product of the ground truth is in .*shop\.$"):
        kagl_texts(judged, with_truth(setting, {"red": {"gone": 1}}))


def test_without_a_file_the_val_names_ask_as_in_our_own_protocol(judged, setting):
    ours = judge_all(judged, setting.data, setting.cache)["text_to_image all"]
    kagl = kagl_texts(judged, setting)["kagl text_to_image all"]
    same = ("queries", "gallery", "recall@1", "recall@10", "mrr@10", "ndcg@10")
    assert {name: kagl[name] for name in same} == {name: ours[name] for name in same}
    assert (kagl["queries"], kagl["gallery"]) == (4, 16)


def test_the_gallery_may_be_val_only(judged, setting):
    figures = kagl_texts(judged, Setting(data=setting.data, cache=setting.cache, gallery="val"))
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
