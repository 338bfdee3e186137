import numpy as np
import pytest

from tests.training.report.subjects import subject
from training.report.subjects import Thumbnails
from training.report.words import Tag, first_tag_right, similar_words, tagged_pictures


def test_the_nearest_values_are_tags():
    tagged = tagged_pictures(subject(copies=1), Thumbnails(), count=3, seed=1)
    assert [picture.name for picture in tagged] == ["Red Shirt", "Green Shirt", "Blue Dress"]
    red = tagged[0].tags
    assert [(kind, own) for kind, own, _ in red] == [("article type", "Shirts"), ("colour", "Red")]
    assert red[0][2] == (Tag("Shirts", float(np.float32(0.8)), True), Tag("Dresses", 0.0, False))
    assert red[1][2][0] == Tag("Red", 1.0, True)


def test_how_often_the_nearest_value_is_right():
    pictures = np.tile(np.array([[1, 0, 0], [0, 0, 1], [0, 0, 1]], dtype=np.float32), (5, 1))
    assert first_tag_right(subject(pictures=pictures)) == [
        ("article type", 2, 15, 2 / 3),
        ("colour", 3, 15, 2 / 3),
    ]


def test_words_stand_with_their_nearest():
    words = {word.word: word for word in similar_words(subject(), count=9)}
    assert list(words) == ["shirt", "blue", "dress", "green", "red"]
    assert words["shirt"].count == 10
    assert words["shirt"].nearest[:2] == (("red", pytest.approx(0.8)), ("green", pytest.approx(0.6)))
    assert words["blue"].nearest[0] == ("dress", 1.0)
    assert "blue" not in dict(words["blue"].nearest)


def test_rare_words_are_left_out():
    assert similar_words(subject(copies=1), count=9) == []
