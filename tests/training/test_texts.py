import random

import pytest

from tests.training.products import product
from training.sections import TextMix
from training.texts import attribute_text, disturb, draw_attribute_text, draw_texts, misspell


@pytest.mark.parametrize(
    ("mix", "expected"),
    [
        (TextMix(name=1.0), "Alder Men Red Tshirt"),
        (TextMix(name_without_brand=1.0), "Men Red Tshirt"),
        (TextMix(description=1.0), "A red tshirt."),
        (TextMix(name_and_description=1.0), "Alder Men Red Tshirt. A red tshirt."),
    ],
)
def test_a_kind_of_text(mix, expected):
    (drawn,) = draw_texts([product()], mix, random.Random(1))
    assert drawn.text == expected
    assert not any(drawn.tells)  # it may say more than the facts


def test_attributes_in_a_shoppers_order():
    assert attribute_text(product()) == "Men Red Solid Cotton Tshirts"


def test_drawn_attributes_always_name_the_article_type():
    rng = random.Random(1)
    texts = [draw_attribute_text(product(pattern=""), rng) for _ in range(200)]
    assert len({drawn.text for drawn in texts}) > 20
    for drawn in texts:
        told = [
            word
            for word, tells in zip(("Men", "Red", "", "Cotton", "Tshirts"), drawn.tells, strict=False)
            if tells
        ]
        assert sorted(drawn.text.split()) == sorted(told)
        assert "Tshirts" in told


def test_misspelling_changes_one_letter_inside_a_word():
    rng = random.Random(3)
    for _ in range(200):
        changed = misspell("red sneakers", rng)
        assert changed.startswith("red s")
        assert changed.endswith("s")
        assert abs(len(changed) - len("red sneakers")) <= 1


def test_short_words_stay():
    assert misspell("a red cap", random.Random(1)) == "a red cap"


def test_cut_words_keep_their_letters_and_the_seed_decides():
    cut = disturb("navy sneakers men", random.Random(1), typo_rate=0.0, cut_rate=1.0)
    assert cut.count(" ") == 5
    assert cut.replace(" ", "") == "navysneakersmen"
    assert cut == disturb("navy sneakers men", random.Random(1), typo_rate=0.0, cut_rate=1.0)


def test_nothing_disturbed_stays():
    assert disturb("navy sneakers", random.Random(1), typo_rate=0.0, cut_rate=0.0) == "navy sneakers"
