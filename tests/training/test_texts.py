import random

import pytest

from tests.training.products import product
from training.config import TextMix
from training.texts import (
    attribute_text,
    disturb,
    draw_attribute_text,
    draw_texts,
    every_text,
    frequent_words,
    index_text,
    misspell,
    spread_by_frequency,
    values_of,
)


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
    assert not any(drawn.states)  # it may say more than the facts


def test_attributes_in_a_shoppers_order():
    assert attribute_text(product()) == "Men Red Solid Cotton Tshirts"


def test_drawn_attributes_always_name_the_article_type():
    rng = random.Random(1)
    texts = [draw_attribute_text(product(pattern=""), rng) for _ in range(200)]
    assert len({drawn.text for drawn in texts}) > 20
    for drawn in texts:
        stated = [
            word
            for word, states in zip(("Men", "Red", "", "Cotton", "Tshirts"), drawn.states, strict=False)
            if states
        ]
        assert sorted(drawn.text.split()) == sorted(stated)
        assert "Tshirts" in stated


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


CAPTIONS = ("A red shirt .", "Somebody's shirt .", "A shirt on a hanger .")


def test_every_caption_is_drawn_and_nothing_else():
    products = [product("1", captions=CAPTIONS)] * 100
    drawn = draw_texts(products, TextMix(caption=1.0), random.Random(1))
    assert {item.text for item in drawn} == set(CAPTIONS)
    assert not any(any(item.states) for item in drawn)


def test_a_product_without_captions_is_drawn_by_its_name():
    (drawn,) = draw_texts([product("1", name="Red Shirt")], TextMix(caption=1.0), random.Random(1))
    assert drawn.text == "Red Shirt"


def test_a_tokenizer_learns_from_captions_too():
    assert every_text(product("1", captions=CAPTIONS))[-3:] == list(CAPTIONS)


def test_words_are_counted_once_per_name():
    names = ["Red red Shirt 42"] * 4 + ["Blue Shirt XY"] * 5 + ["Été Shirt"] * 5
    assert frequent_words([product(name=name) for name in names]) == {"shirt": 14, "blue": 5, "été": 5}


def test_values_leave_out_the_empty():
    products = [product(colour="Red", pattern=""), product(colour="Blue", pattern="")]
    assert values_of(products) == {"article type": ["Tshirts"], "colour": ["Blue", "Red"], "pattern": []}


def test_words_are_spread_from_frequent_to_rare():
    words = {f"w{number}": 100 - number for number in range(64)}
    assert spread_by_frequency(words, 4) == ["w0", "w3", "w15", "w63"]
    assert spread_by_frequency({"a": 2, "b": 1}, 4) == ["a", "b"]
    assert len(set(spread_by_frequency(words, 40))) == 40


def test_the_text_of_an_index_is_name_brand_and_facts():
    assert index_text(product()) == "Alder Men Red Tshirt. Alder. Men Red Solid Cotton Tshirts"
