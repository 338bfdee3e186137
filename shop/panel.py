"""The filter panel: each facet's values, price ranges, and how many products each choice leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from zlib import crc32

from shop.models import Product
from shop.money import format_money

SHOWN_VALUES = 12  # of a facet at once; the chosen ones are always shown, the others on demand
CENT = Decimal("0.01")
SIZES = "size"  # the facet whose values have an order of their own
_LETTERS = re.compile(r"M|(?:(?P<many>\d)X|(?P<extra>X*))(?P<end>[SL])", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")


class Count(Protocol):
    """A facet's value, the value above it, and how many results have it."""

    @property
    def value(self) -> str: ...  # noqa: D102
    @property
    def count(self) -> int | None: ...  # noqa: D102
    @property
    def parent(self) -> str: ...  # noqa: D102


class PricedCount(Protocol):
    """A range of prices, both ends included, and how many results lie in it."""

    @property
    def lowest(self) -> Decimal | None: ...  # noqa: D102
    @property
    def highest(self) -> Decimal | None: ...  # noqa: D102
    @property
    def count(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A chosen value that an answer does not count; it stays in the panel, so that no next step drops it."""

    value: str
    count: None = None
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One check box of the panel."""

    value: str
    count: int | None  # None where it was not counted
    chosen: bool
    id: str  # of the check box; the same on every page, so that the focus stays on it
    depth: int = 0  # in a tree, 0 for a root


@dataclass(frozen=True, slots=True)
class Group:
    """One facet of the panel."""

    field: str
    label: str
    options: list[Option]
    more: list[Option]  # shown on demand, by name

    @property
    def open(self) -> bool:
        """Whether a value of it is chosen."""
        return any(option.chosen for option in self.options)


@dataclass(frozen=True, slots=True)
class PriceOption:
    """A price range to click on."""

    label: str
    count: int
    query: str  # the address's query string with it
    chosen: bool


def group_of(field: str, label: str, counts: Iterable[Count], chosen: Sequence[str]) -> Group | None:
    """Return a facet for the panel: its commonest values and the chosen ones in the order given, others by name.

    A chosen value is always among them, counted or not.

    Args:
        field: the facet.
        label: as shoppers read it.
        counts: of all its values; those of a tree each behind the one above it.
        chosen: the values that are chosen.
    """
    counts = list(counts)
    counted = {one.value for one in counts}
    counts += [Uncounted(value) for value in chosen if value not in counted]
    if not counts:
        return None
    depths = _depths(counts)
    options = [
        Option(one.value, one.count, one.value in chosen, _id_of(field, one.value), depths[one.value])
        for one in counts
    ]
    if field == SIZES:
        options.sort(key=_in_order_of_size)
    commonest = sorted(options, key=lambda option: -(option.count or 0))[:SHOWN_VALUES]
    shown = {option.value for option in commonest} | set(chosen)
    return Group(
        field,
        label,
        [option for option in options if option.value in shown],
        sorted(
            (option for option in options if option.value not in shown),
            key=lambda option: option.value.casefold(),
        ),
    )


def price_label(lowest: Decimal | None, highest: Decimal | None) -> str:
    """Return a price range in words: `Under ₹500` where it ends a cent below, `₹500 to ₹1,000`, `₹1,000 and more`."""
    currency = Product._meta.get_field("currency").get_default()
    if highest is None:
        return "Any price" if lowest is None else f"{format_money(lowest, currency)} and more"
    below = highest % 1 == 1 - CENT
    end = format_money(highest + CENT if below else highest, currency)
    if lowest is None:
        return f"Under {end}" if below else f"Up to {end}"
    return f"{format_money(lowest, currency)} to {end}"


def _id_of(field: str, value: str) -> str:
    return f"{field}-{crc32(value.encode()):08x}"


def _depths(counts: Sequence[Count]) -> Mapping[str, int]:
    depths: dict[str, int] = {}
    for one in counts:  # parents come first
        depths[one.value] = depths.get(one.parent, -1) + 1 if one.parent else 0
    return depths


def _in_order_of_size(option: Option) -> tuple[int, int, str]:
    letters = _LETTERS.fullmatch(option.value)
    if letters is not None:
        extra = int(letters["many"] or len(letters["extra"] or ""))
        return 0, {"S": -1, "L": 1}.get((letters["end"] or "").upper(), 0) * (1 + extra), ""
    number = _NUMBER.search(option.value)
    kind = _NUMBER.sub("", option.value)
    return (1, int(number.group()), kind) if number else (2, 0, option.value)
