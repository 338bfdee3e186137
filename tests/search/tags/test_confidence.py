import numpy as np
import pytest

from search.tags.confidence import TEMPERATURE, Scales, confidences, log_norms, scale
from search.tags.vocabulary import Tag

RED, BLUE = Tag("colour", "Red", True, 0.75), Tag("colour", "Blue", True, 0.25)
RETRO, PLAIN = Tag("style", "retro", False), Tag("style", "plain", False)


def test_a_norm_is_the_mean_over_the_pictures():
    norms = log_norms(np.array([[0.0, 0.1], [0.0, 0.3]], dtype=np.float32))
    assert norms[0] == pytest.approx(0.0, abs=1e-6)
    assert norms[1] == pytest.approx(np.log((np.exp(0.1 / 0.07) + np.exp(0.3 / 0.07)) / 2), rel=1e-5)
    assert log_norms(np.zeros((0, 2), dtype=np.float32)).tolist() == [0.0, 0.0]


def test_values_of_a_facet_make_one_together():
    level = np.zeros((1, 2), dtype=np.float32)
    scales = scale(level, np.zeros((1, 2), dtype=bool), [RED, BLUE])
    assert confidences(level, scales, [RED, BLUE])[0] == pytest.approx([0.75, 0.25])
    nearer = np.array([[0.0, TEMPERATURE * np.log(9)]], dtype=np.float32)
    assert confidences(nearer, scales, [RED, BLUE])[0] == pytest.approx([0.25, 0.75])


def test_a_value_that_is_near_to_everything_is_no_surer():
    hub = np.array([[0.0, 0.5], [0.0, 0.5]], dtype=np.float32)
    scales = scale(hub, np.zeros((2, 2), dtype=bool), [RED, BLUE])
    assert confidences(hub, scales, [RED, BLUE])[0] == pytest.approx([0.75, 0.25], rel=1e-4)


def test_words_are_as_sure_as_the_texts_of_like_pictures_say():
    """Of 2,000 pictures, those 0.1 nearer to "retro" are nine times likelier to have it in their texts, by the odds."""
    number = np.random.default_rng(3)
    similarities = number.normal(0.3, 0.1, size=(2000, 2)).astype(np.float32)
    odds = (similarities[:, 0] - 0.3) / 0.1 * np.log(9) - 1
    told = np.stack([number.random(2000) < 1 / (1 + np.exp(-odds)), number.random(2000) < 0.3], axis=1)
    scales = scale(similarities, told, [RETRO, PLAIN])
    assert scales.slopes[0] * 0.1 == pytest.approx(np.log(9), rel=0.15)
    at = np.array([[0.3 + 0.1 / np.log(9), 0.9]], dtype=np.float32)
    sure = confidences(at, scales, [RETRO, PLAIN])[0]
    assert sure[0] == pytest.approx(0.5, abs=0.05)
    assert sure[1] == pytest.approx(told[:, 1].mean(), abs=0.2)  # the pictures do not tell


def test_a_word_that_likes_the_wrong_pictures_has_its_share_only():
    similarities = np.linspace(0, 1, 400, dtype=np.float32)[:, None]
    told = similarities < 0.25
    scales = scale(similarities, told, [RETRO])
    assert scales.slopes.tolist() == [0.0]
    assert confidences(np.array([[0.0]]), scales, [RETRO])[0, 0] == pytest.approx(100 / 400, abs=0.01)


def test_a_word_is_surer_for_the_categories_that_use_it():
    """Shirts have "long sleeves" in half of their texts, scarves never, and the pictures do not tell how long they are."""
    shirts, scarves = Tag("category", "Shirts", True, 0.5), Tag("category", "Scarves", True, 0.5)
    number = np.random.default_rng(7)
    is_shirt = np.arange(2000) % 2 == 0
    similarities = np.stack([is_shirt, ~is_shirt, number.normal(0.3, 0.1, 2000)], axis=1).astype(np.float32)
    told = np.zeros((2000, 3), dtype=bool)
    told[:, 2] = is_shirt & (number.random(2000) < 0.5)
    tags = [shirts, scarves, Tag("sleeve", "long sleeves", False)]
    scales = scale(similarities, told, tags)
    assert scales.usual[:, 2] == pytest.approx([0.5, 0.0], abs=0.03)
    sure = confidences(np.array([[1, 0, 0.3], [0, 1, 0.3]], dtype=np.float32), scales, tags)[:, 2]
    assert sure == pytest.approx([0.5, 0.0], abs=0.05)


def test_a_word_of_no_text_is_never_sure():
    similarities = np.random.default_rng(5).normal(0.3, 0.1, size=(1000, 1)).astype(np.float32)
    scales = scale(similarities, np.zeros((1000, 1), dtype=bool), [RETRO])
    assert confidences(np.array([[0.6]]), scales, [RETRO])[0, 0] < 0.02


def test_without_pictures_words_are_not_sure_at_all():
    scales = scale(np.zeros((0, 2), dtype=np.float32), np.zeros((0, 2), dtype=bool), [RED, RETRO])
    assert isinstance(scales, Scales)
    assert confidences(np.array([[0.5, 0.5]]), scales, [RED, RETRO])[0] == pytest.approx([1.0, 0.0])
