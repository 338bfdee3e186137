"""The filter panel's groups: each facet's values, price ranges, and how many products each choice leaves; and how chips name them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zlib import crc32

from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext

from ..engine.completions import comparable
from ..engine.counts import FacetCount
from ..facets import SIZE
from ..query.parse import UnderstoodPart
from .wanted import SORTS

PriceWriter = Callable[[Decimal], str]
SHOWN_VALUES = 12  # of a facet at once; the chosen ones are always shown, the others on demand
CENT = Decimal("0.01")
_LETTERS = re.compile(r"M|(?:(?P<many>\d)X|(?P<extra>X*))(?P<end>[SL])", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_LONG_NUMBER = re.compile(r"(?<![\d.,])\d{4,9}(?![\d.,])")


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


def group_of(field: str, label: str, counts: Iterable[FacetCount], chosen: Sequence[str]) -> Group | None:
    """Return a facet for the panel: its commonest values and the chosen ones in the order given, others by name.

    A chosen value is always among them, counted or not.

    Args:
        field: the facet.
        label: as shoppers read it.
        counts: of all its values; those of a tree each behind the one above it.
        chosen: the values that are chosen.
    """
    listed: list[FacetCount | Uncounted] = [*counts]
    counted = {one.value for one in listed}
    listed += [Uncounted(value) for value in chosen if value not in counted]
    if not listed:
        return None
    depths = _depths(listed)
    options = [
        Option(one.value, one.count, one.value in chosen, _id_of(field, one.value), depths[one.value])
        for one in listed
    ]
    if field == SIZE:
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


def price_label(lowest: Decimal | None, highest: Decimal | None, write: PriceWriter) -> str:
    """Return a price range in words: `Under ₹500` where it ends a cent below, `₹500 to ₹1,000`, `₹1,000 and more`.

    Args:
        lowest: price of the range; None for none.
        highest: likewise.
        write: how a price is written.
    """
    if highest is None:
        if lowest is None:
            return gettext("Any price")
        return gettext("%(price)s and more") % {"price": write(lowest)}
    below = highest % 1 == 1 - CENT
    end = write(highest + CENT if below else highest)
    if lowest is not None:
        return gettext("%(lowest)s to %(highest)s") % {"lowest": write(lowest), "highest": end}
    return (gettext("Under %(price)s") if below else gettext("Up to %(price)s")) % {"price": end}


def _id_of(field: str, value: str) -> str:
    return f"{field}-{crc32(value.encode()):08x}"


def _depths(counts: Sequence[FacetCount | Uncounted]) -> Mapping[str, int]:
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


# What chips say, as a person would.


def named_once(values: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return names with the values that each stands for: values that differ in case, spacing or number have one name, the longest."""
    groups: list[tuple[set[str], list[str]]] = []
    for value in values:
        own = set(comparable(value))
        alike = next((group for group in groups if group[0] & own), None)
        if alike is None:
            groups.append((own, [value]))
        else:
            alike[0].update(own)
            alike[1].append(value)
    return {max(alike, key=len): tuple(alike) for _, alike in groups}


def either(values: Iterable[str]) -> str:
    """Return alternatives in words."""
    return gettext(" or ").join(named_once(values))


def value_label(facet: str, value: str) -> str:
    """Return a chosen value as it reads without its facet's label beside it."""
    return gettext("Size %(size)s") % {"size": value} if facet == SIZE else value


def part_label(part: UnderstoodPart) -> str:
    """Return a part of a query: what it was understood as, the one value that it names, or its words as they were typed."""
    if part.says:
        return part.says
    if part.facet == "sort":
        return str(SORTS.get(part.values[0], part.text)) if part.values else _begun_large(part.text)
    names = () if part.negated or part.facet in ("", "price", "code") else tuple(named_once(part.values))
    if len(names) == 1:
        return value_label(part.facet, names[0])
    return _begun_large(
        _LONG_NUMBER.sub(lambda number: number_format(int(number[0]), force_grouping=True), part.text)
        if part.facet == "price"
        else part.text
    )


def kind_of(part: UnderstoodPart) -> str:
    """Return what stands before a part of a query; "" where it speaks for itself."""
    if part.soft and not part.negated:
        return pgettext("a purpose", "For")
    return gettext("Code") if part.facet == "code" else ""


def _begun_large(text: str) -> str:
    return text[:1].upper() + text[1:]
