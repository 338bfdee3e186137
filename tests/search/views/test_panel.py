from decimal import Decimal

import pytest
from django.utils import translation

from search.engine import FacetCount
from search.money import format_money
from search.query.parse import UnderstoodPart
from search.views.panel import SHOWN_VALUES, Option, either, group_of, kind_of, part_label, price_label


def test_values_of_a_tree_are_indented():
    counts = [FacetCount("Tops", 5), FacetCount("Shirts", 4, "Tops"), FacetCount("Shoes", 2)]
    group = group_of("category", "Category", counts, ["Shirts"])
    assert group.options == [
        Option("Tops", 5, False, "category-c0939284"),
        Option("Shirts", 4, True, "category-019e7fb5", 1),
        Option("Shoes", 2, False, "category-d50eae93"),
    ]
    assert (group.open, group.more) == (True, [])


def test_rare_values_are_shown_on_demand_by_name_and_chosen_ones_always():
    counts = [FacetCount(f"Brand {number:02}", 100 - number) for number in range(SHOWN_VALUES)]
    rare = [FacetCount("zest", 3), FacetCount("Acme", 2), FacetCount("Chosen", 1)]
    group = group_of("brand", "Brand", [*counts, *rare], ["Chosen"])
    assert [option.value for option in group.options] == [*(one.value for one in counts), "Chosen"]
    assert [option.value for option in group.more] == ["Acme", "zest"]


def test_sizes_stand_in_their_own_order():
    values = ["XL", "UK 10", "S", "32", "Free", "UK 9", "M", "28", "2-3 Y"]
    group = group_of("size", "Size", [FacetCount(value, 1) for value in values], ())
    assert [option.value for option in group.options] == [
        "S",
        "M",
        "XL",
        "2-3 Y",
        "UK 9",
        "UK 10",
        "28",
        "32",
        "Free",
    ]


def test_letters_stand_in_their_order_however_many_there_are_and_however_they_are_written():
    values = ["XXXXL", "L", "4XL", "xs", "2XL", "S", "XXS", "XXL", "3XS", "5xl", "M", "XXXL"]
    group = group_of("size", "Size", [FacetCount(value, 1) for value in values], ())
    assert [option.value for option in (*group.options, *group.more)] == [
        "3XS", "XXS", "xs", "S", "M", "L", "2XL", "XXL", "XXXL", "XXXXL", "4XL", "5xl",
    ]  # fmt: skip


def test_a_facet_without_values_is_not_shown():
    assert group_of("brand", "Brand", [], ()) is None


@pytest.mark.parametrize(
    ("lowest", "highest", "label"),
    [
        (None, "499.99", "Under ₹500"),
        ("500", "999.99", "₹500 to ₹1,000"),
        ("1000", None, "₹1,000 and more"),
        (None, "2000", "Up to ₹2,000"),
        ("99.5", "150.5", "₹99.50 to ₹150.50"),
        (None, None, "Any price"),
    ],
)
def test_price_ranges_in_words(lowest, highest, label):
    def write(price):
        return format_money(price, "INR")

    assert price_label(lowest and Decimal(lowest), highest and Decimal(highest), write) == label


@pytest.mark.parametrize(
    ("language", "text", "facet", "values", "more", "label"),
    [
        ("en", "navy", "colour", ("Navy Blue", "Blue"), {}, "Navy"),
        ("en", "dress", "category", ("Dress", "Dresses"), {}, "Dresses"),
        ("en", "tee", "category", ("T-shirts",), {}, "T-shirts"),
        ("en", "in m", "size", ("M",), {}, "Size M"),
        ("en", "under 3000", "price", ("", "3000"), {}, "Under 3,000"),
        ("de", "unter 3000", "price", ("", "3000"), {}, "Unter 3.000"),
        ("en", "cheapest", "sort", ("price",), {}, "Price, low to high"),
        ("en", "without print", "pattern", ("Printed",), {"negated": True}, "Without print"),
        ("en", "eu 42", "size", ("UK 8",), {"says": "EU 42: UK 8"}, "EU 42: UK 8"),
    ],
)
def test_parts_of_a_query_read_as_a_person_would_say_them(
    search_settings, language, text, facet, values, more, label
):
    part = UnderstoodPart(text=text, facet=facet, values=values, without="", **more)
    with translation.override(language):
        assert (kind_of(part), part_label(part)) == ("", label)


def test_alternatives_that_name_the_same_are_said_once(search_settings):
    assert either(["Kurta", "Kurtas", "Kurtis", "Tshirt", "T-shirts"]) == "Kurtas or Kurtis or T-shirts"
