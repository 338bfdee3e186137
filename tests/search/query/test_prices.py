from decimal import Decimal

import pytest

from search.query.prices import FALLING, RISING, ShopMoney, read_money, read_price, without_stated_prices

RUPEES = ShopMoney("INR")


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
        ("shirts between 1,000 and 1,500", 1000, 1500, "shirts"),
        ("shirts 1,000-1,500", 1000, 1500, "shirts"),
        ("bags 1k-2k", 1000, 2000, "bags"),
        ("bags 1-2k", 1000, 2000, "bags"),
        ("watch 5000+", 5000, None, "watch"),
        ("saree 2000 onwards", 2000, None, "saree"),
        ("saree budget 1000", None, 1000, "saree"),
        ("under 1500 in red", None, 1500, "in red"),
        ("under 1000 pack of 3 socks", None, 1000, "pack of 3 socks"),
        ("shoes around 1000", 750, 1250, "shoes"),
        ("shoes ~1000", 750, 1250, "shoes"),
        ("₹500 kurta", 375, 625, "kurta"),
        ("kurta Rs. 500/-", 375, 625, "kurta"),
        ("kurta for 500 rupees", 375, 625, "kurta"),
        ("shoes for 2000", 1500, 2500, "shoes"),
        ("watch 5k", 3750, 6250, "watch"),
        ("belts under $5", None, 5, "belts"),
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
        "100% cotton shirt",
        "pack of 3 socks",
        "150ml perfume",
        "under 150 ml perfume",
        "under 10,000ml",
        "jeans 34x32",
        "jeans around 32 inches",
        "kids under 12",
        "size 28 to 32",
        "sunscreen spf 50+",
        "tee for 2011",
        "5k running shoes",
        "18k gold ring",
        "sunglasses 1020-204",
        "for 1020-204",
    ],
)
def test_what_is_no_price(text):
    assert read_price(text) == (None, text)


def test_the_words_of_a_price_are_kept_as_typed():
    price, _ = read_price("wallet under Rs 700 for men")
    assert price.text == "under Rs 700"


@pytest.mark.parametrize(
    ("text", "rest", "said"),
    [
        ("shirt under $50", "shirt", "under $50"),
        ("shirt under US$50", "shirt", "under US$50"),
        ("shirt below 40 euros", "shirt", "below 40 euros"),
        ("£30 dress", "dress", "£30"),
        ("shirts $20 - $40", "shirts", "$20 - $40"),
    ],
)
def test_another_currency_is_not_taken_for_the_shops(text, rest, said):
    money = read_money(text, RUPEES)
    assert (money.price, money.rest) == (None, rest)
    assert money.notes == (f"“{said}” was not applied: prices are in INR.",)


def test_another_currency_is_converted_by_a_given_rate_and_that_is_said():
    money = read_money("shirt under $50", ShopMoney("INR", {"USD": 83.5}))
    assert (money.price.lowest, money.price.highest) == (None, Decimal("4175.00"))
    assert money.notes == ("“under $50” was converted: up to 4,175.00 INR.",)


@pytest.mark.parametrize("currency", ["AUD", "USD", ""])
def test_a_sign_of_several_currencies_is_the_shops_own(currency):
    money = read_money("shirt under $50", ShopMoney(currency))
    assert (money.price.highest, money.notes) == (50, ())


@pytest.mark.parametrize(
    ("text", "order", "rest"),
    [
        ("cheapest handbag", RISING, "handbag"),
        ("lowest price shirts", RISING, "shirts"),
        ("least expensive shirts", RISING, "shirts"),
        ("shirts low to high", RISING, "shirts"),
        ("most expensive watch", FALLING, "watch"),
        ("priciest watch", FALLING, "watch"),
        ("cheap watch", "", "cheap watch"),
        ("highest rated watch", "", "highest rated watch"),
    ],
)
def test_orders_by_price(text, order, rest):
    money = read_money(text)
    assert (money.order, money.rest) == (order, rest)


@pytest.mark.parametrize(
    ("text", "sale", "rest"),
    [
        ("shoes 20% off", "20% off", "shoes"),
        ("upto 50% off tshirts", "upto 50% off", "tshirts"),
        ("20 to 30 percent off jeans", "20 to 30 percent off", "jeans"),
        ("₹500 off shirts", "₹500 off", "shirts"),
        ("shirts on sale", "on sale", "shirts"),
        ("discounted jeans", "discounted", "jeans"),
        ("half-price dress", "half-price", "dress"),
        ("off shoulder top", "", "off shoulder top"),
        ("2 off-white shirts", "", "2 off-white shirts"),
    ],
)
def test_what_is_on_sale(text, sale, rest):
    money = read_money(text)
    assert (money.sale, money.rest) == (sale, rest)


def test_bare_ranges_may_be_codes_and_stated_prices_are_not():
    assert without_stated_prices("sunglasses 1020-204 under 15000") == "sunglasses 1020-204"
    assert without_stated_prices("500-900") == "500-900"
