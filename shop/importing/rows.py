"""What one good row of a product file says, whichever profile read it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation

ABSENT = frozenset({"", "na", "n/a", "nan", "none", "null"})
MAX_PRICE = Decimal("9999999999.99")


class RowError(Exception):
    """A row cannot be imported; the message is the reason, for the person who keeps the file."""


@dataclass(frozen=True, slots=True)
class Size:
    """One size and how many pieces of it there are; None where the source does not say."""

    size: str
    stock: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueRow:
    """One product as its row states it.

    `sizes` is None where the source has no sizes; `created` is None where it has no date; `currency` is "" where it is not
    stated: a new product gets the shop's, any other keeps its own.
    """

    sku: str
    name: str
    category: tuple[str, ...]
    brand: str = ""
    description: str = ""
    price: Decimal | None = None
    currency: str = ""
    gender: str = ""
    colour: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    created: datetime | None = None
    sizes: tuple[Size, ...] | None = None
    pictures: tuple[str, ...] = ()


def text(value: str | None, *, column: str, limit: int, required: bool = False) -> str:
    """Trim a value and check that it can be stored.

    Raises:
        RowError: it is missing though required, too long, or holds characters that are no text.
    """
    value = (value or "").strip()
    if value.lower() in ABSENT:
        value = ""
    if required and not value:
        raise RowError(f"{column} is empty")
    if len(value) > limit:
        raise RowError(f"{column} has {len(value)} characters; the limit is {limit}")
    for character in value:
        kind = unicodedata.category(character)
        if kind == "Cs":
            raise RowError(f"{column} is not UTF-8")
        if kind == "Cc" and character not in "\t\n\r":
            raise RowError(f"{column} holds the control character U+{ord(character):04X}")
    return value


def price(value: str | None) -> Decimal | None:
    """Price with two decimals; None where it is empty or 0, which sources use for unknown.

    Raises:
        RowError: not a number, negative, or too large.
    """
    value = (value or "").strip()
    if value.lower() in ABSENT:
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise RowError(f"price {value!r} is not a number") from None
    if not number.is_finite() or number < 0 or number > MAX_PRICE:
        raise RowError(f"price {value!r} is not between 0 and {MAX_PRICE}")
    return number.quantize(Decimal("0.01")) or None
