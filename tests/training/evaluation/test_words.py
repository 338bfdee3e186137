import ir_measures
import numpy as np
import pytest
from ir_measures import RR, P, R

from search.encoders.sessions import load_artifact
from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import product, write_catalogue
from training.evaluation.evaluators import ArtifactModel, Setting
from training.evaluation.words import pictures_of_words, tags_of_pictures, words

AXES = {"Red": [1, 0, 0, 0], "Blue": [0, 1, 0, 0], "Tshirts": [0, 0, 1, 0], "Shirts": [0, 0, 0, 1]}


def encode(texts):
    """One axis per word, and a text of two words is where its first word is."""
    return np.array([AXES[text.split()[0]] for text in texts], dtype=np.float32)


def unit(*values):
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def test_a_picture_is_asked_for_its_type_among_all_types():
    gallery = [
        product("0", split="val"),
        product("1", article_type="Shirts", split="val"),
        product("2", article_type="", split="val"),
        product("3", article_type="Shirts"),
    ]
    pictures = np.stack([unit(1, 0, 2, 1), unit(0, 1, 2, 1), unit(1, 0, 0, 0), unit(0, 0, 0, 1)])
    assert tags_of_pictures(gallery, pictures, encode) == {
        "queries": 2,
        "gallery": 2,
        "precision@1": 0.5,
        "recall@5": 1.0,
        "mrr@10": pytest.approx((1 + 0.5) / 2),
    }


def test_tags_score_as_ir_measures_says():
    random = np.random.default_rng(2)
    names = [f"type {number}" for number in range(30)]
    gallery = [product(str(n), article_type=names[n % 30], split="val") for n in range(90)]
    texts = dict(zip(sorted(names), random.normal(size=(30, 6)), strict=True))
    pictures = np.stack([texts[each.article_type] + random.normal(size=6) * 1.5 for each in gallery])
    figures = tags_of_pictures(gallery, pictures, lambda asked: np.stack([texts[text] for text in asked]))
    run = {
        each.id: {name: float(pictures[row] @ texts[name]) for name in names}
        for row, each in enumerate(gallery)
    }
    truth = {each.id: {each.article_type: 1} for each in gallery}
    theirs = ir_measures.calc_aggregate([P @ 1, R @ 5, RR @ 10], truth, run)
    assert 0.1 < theirs[P @ 1] < 0.9
    assert [figures[name] for name in ("precision@1", "recall@5", "mrr@10")] == pytest.approx(
        [theirs[P @ 1], theirs[R @ 5], theirs[RR @ 10]]
    )


def test_two_words_are_asked_by_their_mean_vector():
    kinds = [("Red", "Tshirts"), ("Red", "Shirts"), ("Blue", "Tshirts")]
    gallery, pictures = [], []
    for colour, kind in kinds:
        for _ in range(10):
            gallery.append(product(str(len(gallery)), colour=colour, article_type=kind))
            pictures.append(unit(*np.add(AXES[colour], AXES[kind])))
    gallery.append(product("last", colour="Blue", article_type=""))
    pictures.append(unit(*AXES["Blue"]))
    figures = pictures_of_words(gallery, np.stack(pictures), encode)
    assert {title: (values["queries"], values["gallery"]) for title, values in figures.items()} == {
        "an article type": (2, 31),
        "a colour": (2, 31),
        "colour and type, mean vector": (3, 31),
        "colour and type, one text": (3, 31),
    }
    assert figures["an article type"]["precision@10"] == 1.0
    assert figures["colour and type, mean vector"]["precision@10"] == 1.0
    # One text of two words is encoded as its first word here, so one of the two red kinds finds only the other.
    assert figures["colour and type, one text"]["precision@10"] < 0.9
    # Ten of eleven blue ones are found behind the one that is nothing but blue.
    assert figures["a colour"] == {
        "queries": 2,
        "gallery": 31,
        "precision@1": 1.0,
        "precision@10": 1.0,
        "mrr@10": 1.0,
    }


def test_words_that_fewer_than_ten_products_have_are_not_asked():
    gallery = [product(str(number), colour=str(number % 2), split="val") for number in range(18)]
    figures = pictures_of_words(gallery, np.eye(18, dtype=np.float32), lambda asked: np.eye(18)[: len(asked)])
    assert list(figures) == ["an article type"]


def test_products_without_types_are_refused():
    with pytest.raises(ValueError, match="No val product of the gallery has an article type"):
        tags_of_pictures([product("0"), product("1", article_type="", split="val")], np.eye(2), encode)


def test_the_artifact_knows_colours(tmp_path):
    write_tiny_artifact(tmp_path / "artifact")
    model = ArtifactModel(load_artifact(tmp_path / "artifact"))
    data = write_catalogue(tmp_path / "shop", 48, footwear="Blue")
    figures = words(model, Setting(data=data, cache=tmp_path / "cache", gallery="all"))
    assert list(figures) == [
        "words, tags of pictures all",
        "words, an article type all",
        "words, a colour all",
        "words, colour and type, mean vector all",
        "words, colour and type, one text all",
    ]
    assert figures["words, tags of pictures all"]["gallery"] == 2
    assert figures["words, a colour all"]["precision@10"] == 1.0
    assert (
        next(iter(words(model, Setting(data=data, cache=tmp_path / "cache"))))
        == "words, tags of pictures val"
    )
