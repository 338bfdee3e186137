from decimal import Decimal

import pytest

from search.query.prices import read_price


@pytest.mark.parametrize(
    ("text", "lowest", "highest", "rest"),
    [
        ("wallet under 700", None, 700, "wallet"),
        ("kurta under 800 women", None, 800, "kurta women"),
        ("heels below Rs. 2,000", None, 2000, "heels"),
        ("watch less than 1.5k", None, 1500, "watch"),
        ("upto ₹999 tops", None, 999, "tops"),
        ("sports shoes above 4000", 4000, None, "sports shoes"),
        ("bags more than 2k", 2000, None, "bags"),
        ("jeans 1500 and above", 1500, None, "jeans"),
        ("jeans 1500 or less", None, 1500, "jeans"),
        ("sunglasses between 1000 and 2500", 1000, 2500, "sunglasses"),
        ("sunglasses between 2500 and 1000", 1000, 2500, "sunglasses"),
        ("shirts from 500 to 900 rupees", 500, 900, "shirts"),
        ("shirts 500-900", 500, 900, "shirts"),
        ("shirts $20 - $40", 20, 40, "shirts"),
        ("dress over 500 under 900", 500, 900, "dress"),
        ("dress over 900 under 500", 500, 900, "dress"),
    ],
)
def test_price_words(text, lowest, highest, rest):
    price, left = read_price(text)
    assert (price.lowest, price.highest, left) == (
        None if lowest is None else Decimal(lowest),
        None if highest is None else Decimal(highest),
        rest,
    )


@pytest.mark.parametrize(
    "text",
    [
        "under armour shoes",
        "levis 501",
        "over 9",
        "size 8 to 9",
        "above ankle boots",
        "fossil FS4487",
        "from",
    ],
)
def test_what_is_no_price(text):
    assert read_price(text) == (None, text)


def test_the_words_of_a_price_are_kept_as_typed():
    price, _ = read_price("wallet under Rs 700 for men")
    assert price.text == "under Rs 700"
