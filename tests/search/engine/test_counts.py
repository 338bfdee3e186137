from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.engine.counts import (
    FacetCount,
    PriceRange,
    count_price_ranges,
    price_ranges_of,
    round_bounds,
    sort_counts,
)
from search.models import IndexEntry
from search.query.lexicon import Lexicon, parents_of
from search.query.synonyms import Synonyms
from search.text import split
from tests.search.indexed import add

PARENTS = {"Tops": "", "Shirts": "Tops", "Blouses": "Tops", "Shoes": "", "Boots": "Shoes"}


def test_the_commonest_values_come_first():
    assert sort_counts({"Red": 2, "Blue": 3, "Azure": 2}) == [
        FacetCount("Blue", 3),
        FacetCount("Azure", 2),
        FacetCount("Red", 2),
    ]


def test_values_of_a_tree_stand_behind_the_one_above_them():
    counts = {"Blouses": 1, "Shirts": 4, "Boots": 7, "Tops": 5, "Shoes": 9}
    assert [(count.value, count.parent) for count in sort_counts(counts, PARENTS)] == [
        ("Shoes", ""),
        ("Boots", "Shoes"),
        ("Tops", ""),
        ("Shirts", "Tops"),
        ("Blouses", "Tops"),
    ]


def test_a_value_whose_parent_is_not_counted_is_a_root():
    assert sort_counts({"Shirts": 4, "Boots": 7}, PARENTS) == [
        FacetCount("Boots", 7),
        FacetCount("Shirts", 4),
    ]


def test_parents_come_from_paths():
    paths = [("Tops", "Shirts"), ("Tops", "Belts", "Belts"), ("Women", "Tops"), ("Shirts", "Tops")]
    assert parents_of(paths) == {
        "Shirts": "",
        "Tops": "",
        "Belts": "Tops",
        "Women": "",
    }


def test_no_value_is_below_itself():
    parents = parents_of([("A", "B", "A"), ("C", "B"), ("B", "D"), ("D", "B", "C")])
    for value in parents:
        seen = []
        while value:
            assert value not in seen
            seen.append(value)
            value = parents[value]


@pytest.mark.parametrize(
    ("counts", "parents", "shown"),
    [
        ({"": 1}, {}, []),
        ({"": 3, " ": 2, "A": 1}, {"A": ""}, [("A", "")]),
        ({"A": 1}, {"A": "A"}, [("A", "")]),
        ({"A": 2, "B": 1}, {"A": "B", "B": "A"}, [("A", ""), ("B", "A")]),
        ({"A": 1, "B": 2, "C": 3}, {"B": "A", "A": "B", "C": "B"}, [("B", ""), ("C", "B"), ("A", "B")]),
        ({"A": 1, "": 1}, {"A": "", "": "A"}, [("A", "")]),
    ],
)
def test_blank_values_and_trees_that_are_none(counts, parents, shown):
    assert [(count.value, count.parent) for count in sort_counts(counts, parents)] == shown


def test_a_tree_fifty_deep_stays_in_order():
    path = [f"level {number}" for number in range(50)]
    counts = {value: 50 - number for number, value in enumerate(path)}
    assert [count.value for count in sort_counts(counts, parents_of([path]))] == path


VALUES = st.sampled_from(["", " ", "A", "B", "C", "D", "a=b", "x > y"])


@given(counts=st.dictionaries(VALUES, st.integers(0, 9)), parents=st.dictionaries(VALUES, VALUES))
def test_whatever_the_tree_is_like_each_value_comes_once_behind_the_one_above_it(counts, parents):
    shown = sort_counts(counts, parents)
    values = [count.value for count in shown]
    assert sorted(values) == sorted(value for value in counts if value.strip())
    for place, count in enumerate(shown):
        assert count.count == counts[count.value]
        assert count.parent == "" or count.parent in values[:place]


@given(paths=st.lists(st.lists(VALUES, max_size=6), max_size=6))
def test_the_parents_of_any_paths_lead_to_a_root(paths):
    parents = Lexicon({}, None, 0, Synonyms(), paths=[tuple(path) for path in paths]).parents
    assert set(parents) == {value for path in paths for value in path if value.strip()}
    for value in parents:
        for _ in range(len(parents)):
            value = parents[value] if value else ""
        assert value == ""


NAMES = st.sampled_from(["brand", "category", "colour", "size"])
HOST_VALUES = st.text(max_size=40) | st.sampled_from(
    ["", "\uff9e", "\uff9e x y", "a=b", "1 2 3", "x" * 500, "A/B", "and or &"]
)


@settings(max_examples=200)
@given(tokens=st.lists(st.tuples(NAMES, HOST_VALUES), max_size=8), query=HOST_VALUES)
def test_a_lexicon_of_any_values_reads_any_query(tokens, query):
    facets = {f"{name}={value}": 1 for name, value in tokens}
    lexicon = Lexicon(facets, None, len(facets), Synonyms(), paths=[tuple(value for _, value in tokens)])
    words = [word.text for word in split(query)]
    assert set(lexicon.senses(words)) <= set(facets)
    assert all(value.strip() for _, value, _ in lexicon.values())


def test_bounds_are_round():
    prices = map(Decimal, ("1399", "1599", "745", "99.99", "12345", "0.49", "0"))
    assert round_bounds(list(prices)) == [Decimal(text) for text in ("0.5", "100", "800", "1500", "10000")]


def test_ranges_part_the_prices():
    prices = [Decimal(price) for price in (99, 299, 399, 499, 500, 799, 999, 1499, 2999, 4999)]
    assert price_ranges_of(prices) == [
        PriceRange(None, Decimal("299.99"), 2),
        PriceRange(Decimal(300), Decimal("499.99"), 2),
        PriceRange(Decimal(500), Decimal("799.99"), 2),
        PriceRange(Decimal(800), Decimal("1499.99"), 2),
        PriceRange(Decimal(1500), None, 2),
    ]


@pytest.mark.parametrize("prices", [[], [Decimal(0)], [Decimal(100)] * 9])
def test_prices_that_cannot_be_parted_have_no_ranges(prices):
    assert price_ranges_of(prices) == []


@pytest.mark.parametrize(
    "prices", [[], [None], [5], [0, 0], [99, 299, 399, 499, 500, 799, 999, 1499, 2999, 4999, None], [1, 2, 3]]
)
def test_postgres_counts_the_same(empty_version, prices):
    for number, price in enumerate(prices):
        add(empty_version, f"p{number}", "Shirt", price=price)
    entries = IndexEntry.objects.in_version(empty_version.pk)
    assert count_price_ranges(entries) == price_ranges_of(
        [Decimal(price) for price in prices if price is not None]
    )
