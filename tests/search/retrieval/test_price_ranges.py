from decimal import Decimal

import pytest

from search.engine.counts import PriceRange, count_price_ranges, price_ranges_of, round_bounds
from search.models import IndexEntry
from search.models.entry_queries import EntryQuerySet
from tests.search.indexed import add


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
    entries = EntryQuerySet(IndexEntry).in_version(empty_version.pk)
    assert count_price_ranges(entries) == price_ranges_of(
        [Decimal(price) for price in prices if price is not None]
    )
