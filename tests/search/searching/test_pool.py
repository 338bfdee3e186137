"""Filters and counts over a pool of results, against plain Python over the documents."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from search.engine.filters import Filters
from search.engine.pool import PoolRow, count_in_pool, count_matching, in_order

VALUES = {"colour": ("Red", "Blue", "Navy"), "brand": ("A", "B"), "category": ("Tops", "Shirts", "Shoes")}


@st.composite
def rows(draw):
    count = draw(st.integers(0, 12))
    made = []
    for number in range(count):
        tokens = {
            f"{name}={value}"
            for name, values in VALUES.items()
            for value in draw(st.sets(st.sampled_from(values)))
        }
        price = draw(st.none() | st.integers(0, 5).map(Decimal))
        created = float(draw(st.integers(0, 3)))
        in_stock, matching = draw(st.booleans()), draw(st.booleans())
        made.append(PoolRow(f"{number:02}", 1.0, matching, frozenset(tokens), price, in_stock, created))
    return made


filters = st.builds(
    Filters,
    facets=st.fixed_dictionaries(
        {
            name: st.lists(st.sampled_from(values), unique=True, max_size=2).map(tuple)
            for name, values in VALUES.items()
        }
    ),
    price_min=st.none() | st.integers(0, 3).map(Decimal),
    price_max=st.none() | st.integers(2, 5).map(Decimal),
    in_stock=st.booleans(),
)


def slowly(row, chosen, ignored=""):
    """Whether a row meets the filters, said again in other words."""
    reasons = []
    for name, values in chosen.facets.items():
        if name != ignored and values:
            reasons.append(sum(f"{name}={value}" in row.tokens for value in values) > 0)
    if chosen.price_min is not None:
        reasons.append(row.price is not None and not row.price < chosen.price_min)
    if chosen.price_max is not None:
        reasons.append(row.price is not None and not row.price > chosen.price_max)
    reasons.append(row.in_stock or not chosen.in_stock)
    return False not in reasons


@settings(max_examples=300)
@given(rows(), filters)
def test_counts_and_results_agree_with_a_slow_reference(pool, chosen):
    found = [row for row in pool if row.meets(chosen)]
    assert found == [row for row in pool if slowly(row, chosen)]

    everything = count_in_pool(pool, list(VALUES), chosen, {})
    for name, counts in everything.facets.items():
        expected = Counter(
            value
            for row in pool
            if slowly(row, chosen, ignored=name)
            for value in VALUES[name]
            if f"{name}={value}" in row.tokens
        )
        assert {count.value: count.count for count in counts if count.count} == dict(expected)
        assert [count.count for count in counts] == sorted((count.count for count in counts), reverse=True)
        assert {count.value for count in counts} >= set(chosen.facets[name])

    without_price = [row for row in pool if slowly(row, replace(chosen, price_min=None, price_max=None))]
    for one in everything.price_ranges:
        asked = replace(chosen, price_min=one.lowest, price_max=one.highest)
        assert one.count == sum(slowly(row, asked) for row in pool) > 0
    priced = sum(row.price is not None for row in without_price)
    assert sum(one.count for one in everything.price_ranges) in (0, priced)
    assert everything.in_stock == sum(slowly(row, replace(chosen, in_stock=True)) for row in pool)


@given(rows(), st.sampled_from(["relevance", "newest", "price", "-price"]))
def test_sorting_loses_and_doubles_nothing(pool, sort):
    ordered = in_order(pool, sort)
    assert sorted(row.product_key for row in ordered) == [row.product_key for row in pool]
    if sort == "relevance":
        return
    first = count_matching(ordered)
    assert first == sum(row.matching for row in pool)
    for part in (ordered[:first], ordered[first:]):
        if sort == "newest":
            assert [row.created for row in part] == sorted((row.created for row in part), reverse=True)
            continue
        prices = [row.price for row in part]
        known = [price for price in prices if price is not None]
        assert prices[: len(known)] == sorted(known, reverse=sort == "-price")
