"""Prices as shoppers read them."""

from decimal import Decimal

import pytest

from search.money import format_money


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1499", "INR", "₹1,499"),
        ("99.5", "INR", "₹99.50"),
        ("124999", "INR", "₹1,24,999"),
        ("12345678.9", "INR", "₹1,23,45,678.90"),
        ("0.1", "INR", "₹0.10"),
        ("1234567", "EUR", "€1,234,567"),
        ("12.5", "CHF", "CHF\u00a012.50"),
    ],
)
def test_format_money(amount, currency, shown):
    assert format_money(Decimal(amount), currency) == shown


def test_no_price():
    assert format_money(None, "INR") == "Price on request"
