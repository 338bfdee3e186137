import random

import pytest

from tests.training.products import product
from training.config import TextMix
from training.texts import attribute_text, draw_texts, misspell


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
    assert draw_texts([product()], mix, 0.0, random.Random(1)) == [expected]


def test_attributes_in_a_shoppers_order():
    assert attribute_text(product()) == "Men Red Solid Cotton Tshirts"


def test_drawn_attributes_always_name_the_article_type():
    rng = random.Random(1)
    texts = {attribute_text(product(), rng) for _ in range(200)}
    assert len(texts) > 20
    assert all("Tshirts" in text for text in texts)


def test_misspelling_changes_one_letter_inside_a_word():
    rng = random.Random(3)
    for _ in range(200):
        changed = misspell("red sneakers", rng)
        assert changed.startswith("red s")
        assert changed.endswith("s")
        assert abs(len(changed) - len("red sneakers")) <= 1


def test_short_words_stay():
    assert misspell("a red cap", random.Random(1)) == "a red cap"
