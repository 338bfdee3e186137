import random

from tests.training.products import product
from training.sections import TextMix
from training.texts import draw_texts, every_text

CAPTIONS = ("A red shirt .", "Somebody's shirt .", "A shirt on a hanger .")


def test_every_caption_is_drawn_and_nothing_else():
    products = [product("1", captions=CAPTIONS)] * 100
    drawn = draw_texts(products, TextMix(caption=1.0), random.Random(1))
    assert {item.text for item in drawn} == set(CAPTIONS)
    assert not any(any(item.tells) for item in drawn)


def test_a_product_without_captions_is_drawn_by_its_name():
    (drawn,) = draw_texts([product("1", name="Red Shirt")], TextMix(caption=1.0), random.Random(1))
    assert drawn.text == "Red Shirt"


def test_a_tokenizer_learns_from_captions_too():
    assert every_text(product("1", captions=CAPTIONS))[-3:] == list(CAPTIONS)
