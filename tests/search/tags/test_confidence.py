from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from search import regression
from search.tags.confidence import (
    ALONE,
    NO_PICTURES,
    TEMPERATURE,
    UNRELATED,
    UNSETTLED,
    UNUSED,
    confidences,
    log_norms,
    scale,
)
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
    often = np.stack([1 / (1 + np.exp(-odds)), similarities[:, 1]], axis=1)
    told = number.random((2000, 2)) < often
    scales = scale(similarities, told, [RETRO, PLAIN])
    assert scales.slopes[0] * 0.1 == pytest.approx(np.log(9), rel=0.15)
    at = np.array([[0.3 + 0.1 / np.log(9), 0.3]], dtype=np.float32)
    sure = confidences(at, scales, [RETRO, PLAIN])[0]
    assert sure[0] == pytest.approx(0.5, abs=0.05)
    assert sure[1] == pytest.approx(0.3, abs=0.05)


def test_a_word_that_likes_the_wrong_pictures_has_no_confidence():
    similarities = np.linspace(0, 1, 400, dtype=np.float32)[:, None]
    scales = scale(similarities, similarities < 0.25, [RETRO])
    assert (scales.untold, scales.slopes.tolist(), scales.trusts.tolist()) == ((UNRELATED,), [0.0], [0.0])
    assert confidences(np.array([[0.0], [0.9]]), scales, [RETRO]).tolist() == [[0.0], [0.0]]


def test_a_facet_that_likes_the_wrong_pictures_has_no_confidence():
    number = np.random.default_rng(2)
    is_red = np.arange(400) % 2 == 0
    similarities = np.stack([~is_red, is_red], axis=1) * 0.2 + number.normal(0.3, 0.02, (400, 2))
    scales = scale(similarities.astype(np.float32), np.stack([is_red, ~is_red], axis=1), [RED, BLUE])
    assert scales.untold == (UNRELATED, UNRELATED)
    assert not confidences(similarities, scales, [RED, BLUE]).any()


def test_how_much_similarity_tells_of_a_facet_is_learnt():
    """Every second picture is nearer to the wrong one of two values, by as much as the others are to the right one, but for a few."""
    number = np.random.default_rng(4)
    is_red, right = number.random(3000) < 0.5, number.random(3000) < 0.6
    near_red = (is_red == right) * 0.3
    similarities = np.stack([near_red, 0.3 - near_red], axis=1).astype(np.float32)
    even = [Tag("colour", "Red", True, 0.5), Tag("colour", "Blue", True, 0.5)]
    scales = scale(similarities, np.stack([is_red, ~is_red], axis=1), even)
    assert confidences(np.array([[0.3, 0.0]]), scales, even)[0] == pytest.approx([0.6, 0.4], abs=0.03)


def test_a_facet_of_one_value_has_no_confidence():
    scales = scale(np.array([[0.9], [0.1]], dtype=np.float32), np.array([[True], [False]]), [RED])
    assert scales.untold == (ALONE,)
    assert confidences(np.array([[0.9]]), scales, [RED])[0, 0] == 0


def test_a_fit_that_does_not_converge_gives_no_confidence(monkeypatch):
    number = np.random.default_rng(6)
    similarities = number.normal(0.3, 0.1, size=(200, 3)).astype(np.float32)
    held = np.stack([similarities[:, 0] > 0.3, similarities[:, 0] <= 0.3, similarities[:, 2] > 0.4], axis=1)
    tags = [RED, BLUE, RETRO]
    assert scale(similarities, held, tags).untold == ("", "", "")
    monkeypatch.setattr(regression, "STEPS", 2)
    scales = scale(similarities, held, tags)
    assert scales.untold == (UNSETTLED,) * 3
    assert not confidences(similarities, scales, tags).any()


def test_a_word_is_no_surer_where_it_is_less_usual():
    """Dresses never have "running shoes" in their texts, and half of their pictures are as near to it as shoes are."""
    number = np.random.default_rng(9)
    is_shoe = np.arange(1000) % 10 == 0
    near = np.where(is_shoe, 0.1, 0.3) + number.normal(0, 0.01, 1000)
    told = is_shoe & (number.random(1000) < 0.5)
    near[told] += 0.25
    similarities = np.stack([is_shoe, ~is_shoe, near], axis=1).astype(np.float32)
    tags = [
        Tag("category", "Shoes", True, 0.1),
        Tag("category", "Dresses", True, 0.9),
        Tag("garment", "running shoes", False),
    ]
    scales = scale(similarities, np.stack([is_shoe, ~is_shoe, told], axis=1), tags)
    assert scales.trusts[2] >= 0
    shoe, dress = confidences(np.array([[1, 0, 0.35], [0, 1, 0.35]], dtype=np.float32), scales, tags)[:, 2]
    assert dress <= shoe


def test_a_word_is_surer_for_the_categories_that_use_it():
    """Shirts have "long sleeves" in half of their texts, scarves never, and the pictures hardly tell how long they are."""
    shirts, scarves = Tag("category", "Shirts", True, 0.5), Tag("category", "Scarves", True, 0.5)
    number = np.random.default_rng(7)
    is_shirt = np.arange(2000) % 2 == 0
    similarities = np.stack([is_shirt, ~is_shirt, number.normal(0.3, 0.1, 2000)], axis=1).astype(np.float32)
    told = np.stack([is_shirt, ~is_shirt, is_shirt & (number.random(2000) < 0.5)], axis=1)
    similarities[told[:, 2], 2] += 0.02
    tags = [shirts, scarves, Tag("sleeve", "long sleeves", False)]
    scales = scale(similarities, told, tags)
    assert scales.usual[:, 2] == pytest.approx([0.5, 0.0], abs=0.03)
    sure = confidences(np.array([[1, 0, 0.3], [0, 1, 0.3]], dtype=np.float32), scales, tags)[:, 2]
    assert sure == pytest.approx([0.5, 0.0], abs=0.05)


def test_a_word_of_no_text_has_no_confidence():
    similarities = np.random.default_rng(5).normal(0.3, 0.1, size=(1000, 1)).astype(np.float32)
    scales = scale(similarities, np.zeros((1000, 1), dtype=bool), [RETRO])
    assert scales.untold == (UNUSED,)
    assert confidences(np.array([[0.6]]), scales, [RETRO])[0, 0] == 0


def test_without_pictures_nothing_has_a_confidence():
    scales = scale(np.zeros((0, 2), dtype=np.float32), np.zeros((0, 2), dtype=bool), [RED, RETRO])
    assert scales.untold == (NO_PICTURES, NO_PICTURES)
    assert confidences(np.array([[0.5, 0.5]]), scales, [RED, RETRO])[0].tolist() == [0.0, 0.0]


def test_pictures_that_are_all_alike_tell_nothing_of_a_word():
    scales = scale(np.full((50, 1), 0.3, dtype=np.float32), np.arange(50)[:, None] < 20, [RETRO])
    assert scales.untold == (UNRELATED,)


def test_a_word_told_apart_perfectly_is_as_sure_as_its_products_are_many():
    similarities = np.linspace(0, 1, 1000, dtype=np.float32)[:, None]
    scales = scale(similarities, similarities > 0.992, [RETRO])
    assert scales.untold == ("",)
    assert confidences(np.array([[5.0]]), scales, [RETRO])[0, 0] == pytest.approx(9 / 10)  # eight products


def test_pictures_without_finite_similarities_are_left_out():
    number = np.random.default_rng(8)
    similarities = number.normal(0.3, 0.1, size=(300, 2)).astype(np.float32)
    held = similarities > 0.35
    tags = [RETRO, PLAIN]
    clean = scale(similarities, held, tags)
    broken = np.concatenate([similarities, [[np.nan, 0.9], [0.9, np.inf]]]).astype(np.float32)
    scales = scale(broken, np.concatenate([held, [[True, True], [True, True]]]), tags)
    assert scales.slopes.tolist() == clean.slopes.tolist()
    assert confidences(broken, scales, tags)[-2:].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert (
        scale(np.full((3, 2), np.nan, dtype=np.float32), np.ones((3, 2), dtype=bool), tags).untold
        == (NO_PICTURES,) * 2
    )


# Whatever the catalogue: three categories, two of which may have no product, two colours, and two words.

ANY_TAGS = [
    Tag("category", "Shirts", True, 0.6), Tag("category", "Shoes", True, 0.3), Tag("category", "Scarves", True, 0.1),
    RED, BLUE, RETRO, PLAIN,
]  # fmt: skip
WORDS = (5, 6)


@st.composite
def catalogues(draw):
    """Similarities and what is held, (pictures, words): none or many, alike or apart, of one class or several."""
    count = draw(st.integers(0, 30))
    steps = draw(st.sampled_from([0, 1, 4, 100]))
    level = arrays(np.int16, (count, len(ANY_TAGS)), elements=st.integers(-steps, steps))
    similarities = draw(level).astype(np.float32) / max(steps, 1)
    held = draw(arrays(bool, (count, len(ANY_TAGS))))
    for word in WORDS:
        if draw(st.booleans()):  # perfectly told apart
            held[:, word] = similarities[:, word] > 0
    return similarities, held


any_catalogue = settings(max_examples=60, deadline=None)


@any_catalogue
@given(catalogues())
def test_a_confidence_lies_between_0_and_1_and_none_comes_of_a_bad_fit(catalogue):
    similarities, held = catalogue
    scales = scale(similarities, held, ANY_TAGS)
    told = np.array([not reason for reason in scales.untold])
    for numbers in (scales.slopes, scales.trusts, scales.usual, scales.ceilings, scales.intercepts):
        assert np.isfinite(numbers).all()
    assert (scales.slopes[told] > 0).all()
    assert (scales.trusts >= 0).all()
    corners = np.array([[-1] * 7, [0] * 7, [1] * 7], dtype=np.float32)
    sure = confidences(np.concatenate([similarities, corners]), scales, ANY_TAGS)
    assert ((sure >= 0) & (sure <= 1)).all()
    assert not sure[:, ~told].any()


@any_catalogue
@given(catalogues(), st.integers(0, 6), st.lists(st.floats(-1, 1, width=32), min_size=7, max_size=7))
def test_a_confidence_never_falls_when_the_similarity_rises(catalogue, word, picture):
    scales = scale(*catalogue, ANY_TAGS)
    pictures = np.tile(np.array(picture, dtype=np.float32), (21, 1))
    pictures[:, word] = np.linspace(-1, 1, 21)
    sure = confidences(pictures, scales, ANY_TAGS)[:, word]
    assert (np.diff(sure) >= -1e-6).all()


@any_catalogue
@given(catalogues(), st.sampled_from(WORDS), st.integers(0, 2), st.floats(0, 1))
def test_a_word_is_never_surer_for_being_rarer_in_what_a_picture_shows(catalogue, word, category, part):
    similarities, held = catalogue
    scales = scale(similarities, held, ANY_TAGS)
    usual = scales.usual.copy()
    usual[category, word] *= part
    rarer = confidences(similarities, replace(scales, usual=usual), ANY_TAGS)[:, word]
    assert (rarer <= confidences(similarities, scales, ANY_TAGS)[:, word] + 1e-6).all()


@any_catalogue
@given(catalogues(), st.sampled_from(WORDS), st.data())
def test_a_word_is_less_sure_on_the_whole_when_one_of_its_texts_loses_it(catalogue, word, data):
    """And never surer than the rule of succession allows by those that are left."""
    similarities, held = catalogue
    holding = np.flatnonzero(held[:, word])
    assume(len(holding) > 0)
    fewer = held.copy()
    fewer[data.draw(st.sampled_from(holding.tolist())), word] = False
    before, after = scale(similarities, held, ANY_TAGS), scale(similarities, fewer, ANY_TAGS)
    sure = confidences(similarities, after, ANY_TAGS)[:, word]
    assert sure.max() <= len(holding) / (len(holding) + 1) + 1e-6
    if not before.untold[word]:
        assert sure.mean() <= confidences(similarities, before, ANY_TAGS)[:, word].mean() + 1e-6


@any_catalogue
@given(st.floats(-1, 1, width=32), st.floats(0.001, 1), catalogues())
def test_of_two_values_that_are_as_near_the_rarer_is_no_surer(near, part, catalogue):
    similarities, held = catalogue
    similarities[:, 4] = similarities[:, 3]
    tags = [
        *ANY_TAGS[:3],
        Tag("colour", "Red", True, 0.5),
        Tag("colour", "Blue", True, 0.5 * part),
        *ANY_TAGS[5:],
    ]
    scales = scale(similarities, held, tags)
    picture = np.full((1, 7), near, dtype=np.float32)
    sure = confidences(picture, scales, tags)[0]
    assert sure[4] <= sure[3] + 1e-6
