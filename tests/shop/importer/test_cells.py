"""What one cell says."""

from decimal import Decimal

import pytest

from shop.importer.cells import RowError, Size, decode_entities, price, sizes, stock_keeping_unit


@pytest.mark.parametrize(
    ("value", "decimal", "number"),
    [
        ("1299", None, "1299"), ("1299.5", None, "1299.50"), ("24.9900", None, "24.99"), ("19.90", None, "19.90"),
        ("1.299,00", "comma", "1299.00"), ("12,50", "comma", "12.50"), ("1.299", "comma", "1299"), ("1299,5", "comma", "1299.50"),
        ("1 299,00", "comma", "1299.00"), ("1\u00a0299,00", "comma", "1299.00"), ("1.299.000", "comma", "1299000"),
        ("1,299.00", "point", "1299.00"), ("1,299", "point", "1299"), ("1'299.00", "point", "1299.00"), ("24.990", "point", "24.99"),
    ],
)  # fmt: skip
def test_prices(value, decimal, number):
    assert price(value, decimal) == Decimal(number)


@pytest.mark.parametrize("value", ["", "NA", "0", "0.00"])
def test_no_price(value):
    assert price(value) is None


@pytest.mark.parametrize("value", ["1.299,00", "12,50", "1,299", "1,299.00", "1 299,00", "1'299.00", "1.299"])
def test_a_price_that_can_be_read_in_two_ways_names_the_option(value):
    with pytest.raises(RowError, match=f"price {value!r} .*--decimal comma.* or --decimal point"):
        price(value)


@pytest.mark.parametrize(
    ("value", "decimal", "reason"),
    [
        (
            "19.99 EUR",
            None,
            "price '19.99 EUR' is not a number; leave out the currency, which has a column of its own",
        ),
        (
            "€ 5",
            "comma",
            "price '€ 5' is not a number as --decimal comma writes them; leave out the currency, which has a"
            " column of its own",
        ),
        ("1_000", None, "price '1_000' is not a number"),
        ("1e3", None, "price '1e3' is not a number"),
        ("5x", None, "price '5x' is not a number"),
        ("12.50", "comma", "price '12.50' is not a number as --decimal comma writes them"),
        ("1,29", "point", "price '1,29' is not a number as --decimal point writes them"),
        ("19.999", "point", "price '19.999' has more than two decimals"),
        ("-1", None, "price '-1' is not between 0 and 9999999999.99"),
        ("9" * 11, None, f"price '{'9' * 11}' is not between 0 and 9999999999.99"),
        ("9" * 5000, None, f"price '{'9' * 40}' is not between 0 and 9999999999.99"),
    ],
)
def test_what_is_no_price(value, decimal, reason):
    with pytest.raises(RowError) as refused:
        price(value, decimal)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    "stated", ["S|M|L", "S, M, L", "S,M,L", "S/M/L", "S / M / L", "S; M; L", "S | M | L"]
)
def test_sizes_however_they_are_separated(stated):
    assert sizes(stated) == (Size("S", None), Size("M", None), Size("L", None))


def test_sizes_with_stock_and_double_sizes():
    assert sizes("S:4, M:0") == sizes("S:4/M:0") == (Size("S", 4), Size("M", 0))
    assert sizes("S/M") == (Size("S/M", None),)
    assert sizes("S/M:4|L/XL") == (Size("S/M", 4), Size("L/XL", None))
    assert sizes("W30/L32") == (Size("W30/L32", None),)


def test_a_comma_that_may_stand_before_a_half_is_refused():
    with pytest.raises(RowError, match="sizes: '7,5' may be one size or two"):
        sizes("36, 37,5, 38")


@pytest.mark.parametrize("sku", ["1.23457E+12", "1,23457E+12", "5E+11", "1.2e+07"])
def test_a_sku_that_a_spreadsheet_has_shortened_is_refused(sku):
    with pytest.raises(
        RowError, match="a spreadsheet has shortened, and its digits are lost; format the column"
    ):
        stock_keeping_unit(sku)


@pytest.mark.parametrize("sku", ["00123", "12E4", "E+5", "1.5"])
def test_other_skus_stay_as_they_are(sku):
    assert stock_keeping_unit(f" {sku} ") == sku


def test_entities():
    assert decode_entities("A &amp; B T&#233;e&#xe9; &nbsp;&lt;b>") == "A & B Tée\u00e9 \u00a0<b>"
    assert decode_entities("AT&T &unknown; &copy 5") == "AT&T &unknown; &copy 5"
    assert decode_entities('{"a": "x &amp; &quot;y&quot;"}', in_json=True) == '{"a": "x & &quot;y&quot;"}'
