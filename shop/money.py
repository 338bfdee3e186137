"""Prices as shoppers read them."""

from __future__ import annotations

from decimal import Decimal

SYMBOLS = {"INR": "₹", "EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}


def format_money(amount: Decimal | None, currency: str) -> str:
    """Format a price: `₹1,499`, `₹1,24,999.50`, `€1,499`, `CHF 12.50`.

    Rupees are grouped by lakh and crore, every other currency by thousands. Whole amounts show no decimals.
    """
    if amount is None:
        return "Price on request"
    amount = amount.quantize(Decimal("0.01"))
    whole, cents = f"{amount:.2f}".split(".")
    digits = _lakhs(whole) if currency == "INR" else f"{int(whole):,}"
    symbol = SYMBOLS.get(currency, f"{currency}\u00a0")
    return f"{symbol}{digits}" + (f".{cents}" if cents != "00" else "")


def _lakhs(whole: str) -> str:
    head, tail = whole[:-3], whole[-3:]
    groups = []
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*groups, tail])
