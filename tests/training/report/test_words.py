import pytest

from tests.training.report.subjects import subject
from training.report.words import similar_words


def test_words_stand_with_their_nearest():
    words = {word.word: word for word in similar_words(subject(), count=9)}
    assert list(words) == ["shirt", "blue", "dress", "green", "red"]
    assert words["shirt"].count == 10
    assert words["shirt"].nearest[:2] == (("red", pytest.approx(0.8)), ("green", pytest.approx(0.6)))
    assert words["blue"].nearest[0] == ("dress", 1.0)
    assert "blue" not in dict(words["blue"].nearest)


def test_rare_words_are_left_out():
    assert similar_words(subject(copies=1), count=9) == []
