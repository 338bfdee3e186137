from dataclasses import replace
from decimal import Decimal

import pytest

from search.engine.request import Filters, clean_filters
from search.exceptions import InvalidQuery

FACETS = ("colour", "brand")


def test_values_are_cleaned_and_kept_once():
    filters = Filters(facets={"colour": (" Red ", "Red", "", "Blue")}, price_min=Decimal(1))

    assert clean_filters(filters, FACETS) == Filters(facets={"colour": ("Red", "Blue")}, price_min=Decimal(1))


@pytest.mark.parametrize("value", ["a\x00", "\ud83d", "x" * 201, " ", "\u200b"])
def test_a_value_that_no_product_can_have_is_one_that_none_has(value):
    filters = Filters(facets={"brand": (value,)}, price_min=Decimal(2), price_max=Decimal(1))
    assert clean_filters(filters, FACETS) == replace(filters, facets={"brand": (" ",)})


@pytest.mark.parametrize(
    ("filters", "code", "sentence"),
    [
        (
            Filters(facets={"color": ("Red",)}),
            "unknown_facet",
            "'color' is not a facet; the facets are colour, brand.",
        ),
        (
            Filters(price_min=Decimal("NaN")),
            "invalid_price",
            "price_min must be a number from 0, such as 1500.",
        ),
        (Filters(price_max=Decimal(-1)), "invalid_price", "price_max must be a number from 0, such as 1500."),
        (
            Filters(price_max=Decimal("1e10")),
            "invalid_price",
            "price_max must be a number from 0, such as 1500.",
        ),
    ],
)
def test_what_cannot_be_filtered_by_is_refused(filters, code, sentence):
    with pytest.raises(InvalidQuery) as caught:
        clean_filters(filters, FACETS)

    assert (caught.value.code, caught.value.sentence) == (code, sentence)


@pytest.mark.parametrize(
    ("given", "lowest", "highest"),
    [
        ("1500", "1500", "1500"),
        ("99.5000", "99.5000", "99.5000"),
        ("1E+3", "1000.0000", "1000.0000"),
        ("0.00015", "0.0002", "0.0001"),
        ("1E-20000", "0.0001", "0.0000"),
        ("0E+20000", "0.0000", "0.0000"),
        ("0E-20000", "0.0000", "0.0000"),
        ("1." + "0" * 20_000 + "1", "1.0001", "1.0000"),
    ],
)
def test_prices_are_as_fine_as_the_column(given, lowest, highest):
    cleaned = [clean_filters(Filters(**{end: Decimal(given)}), ()) for end in ("price_min", "price_max")]

    assert (str(cleaned[0].price_min), str(cleaned[1].price_max)) == (lowest, highest)
    assert (cleaned[0].price_max, cleaned[1].price_min) == (None, None)


def test_filters_know_what_is_chosen():
    filters = Filters(facets={"colour": ("Red",), "brand": ()})

    assert filters.selected == ("colour",)
    assert filters
    assert not Filters(facets={"brand": ()})
    assert Filters(price_max=Decimal(0))
    assert filters.without("colour").selected == ()


def test_a_value_of_blanks_stays_a_filter():
    filters = Filters(facets={"colour": (" \t", "\u200b", ""), "brand": ("",)})
    assert clean_filters(filters, FACETS).facets == {"colour": (" ",), "brand": ()}
