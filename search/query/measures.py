"""Measures and packs in a query, which texts write in several ways: "150ml" or "150 ml", "pack of 3" or "3-pack"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

NUMBERS = dict(
    zip(
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve"),
        ("2", "3", "4", "5", "6", "7", "8", "9", "10", "12"),
        strict=True,
    )
)
_WORDS = {number: word for word, number in NUMBERS.items()}
_COUNT = rf"(?P<count>[1-9]\d?|{'|'.join(NUMBERS)})"
_PACK = re.compile(
    rf"(?:packs?|sets?|packets?|combo|bundle)\s+(?:of\s+)?{_COUNT}(?!\w|[\s-]*(?:packs?|pcs|pieces?|ml|inch))"
    rf"|{_COUNT.replace('count', 'other')}[\s-]*(?:packs?|pcs|pc|pieces?|pk)(?:[\s-]+(?:packs?|sets?))?(?!\w)",
    re.IGNORECASE,
)
# Words that a measure may begin with, besides numbers.
BEGINNINGS = frozenset((*NUMBERS, "pack", "packs", "set", "sets", "packet", "packets", "combo", "bundle"))
# A unit with its spellings, the first of which is what texts mostly have.
_UNITS = (
    ("ml", "mls", "millilitres", "milliliters"), ("g", "gm", "gms", "grams", "gram"), ("kg", "kgs"), ("oz",), ("cm", "cms"),
    ("mm",), ("inch", "inches"), ("ltr", "litre", "litres", "liter", "liters"),
)  # fmt: skip
_SPELLINGS = {spelling: unit for unit in _UNITS for spelling in unit}
_MEASURE = re.compile(
    rf"(?P<number>\d+(?:\.\d+)?)[\s-]*(?P<unit>{'|'.join(sorted(_SPELLINGS, key=len, reverse=True))})(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure that stands at a place of the query."""

    end: int  # where it ends in the text
    phrases: tuple[str, ...]  # any of which texts may have; as typed first


def measure_at(text: str, start: int) -> Measured | None:
    """Return the measure, or the pack of several, that begins at a place of the query; None where there is none."""
    if found := _PACK.match(text, start):
        count = (found["count"] or found["other"]).lower()
        phrases = _packs(NUMBERS.get(count, count))
    elif found := _MEASURE.match(text, start):
        phrases = _spellings(found["number"], _SPELLINGS[found["unit"].lower()])
    else:
        return None
    return Measured(found.end(), tuple(dict.fromkeys((" ".join(found[0].lower().split()), *phrases))))


def _packs(number: str) -> Iterator[str]:
    for count in filter(None, (number, _WORDS.get(number))):
        for kind in ("pack", "set"):
            yield f"{kind} of {count}"  # stop words count as places: texts hold "pack of 3" with any word between
        for kind in ("pack", "piece", "pcs", "pc"):
            yield f"{count} {kind}"
    yield f"{number}pcs"


def _spellings(number: str, unit: tuple[str, ...]) -> Iterator[str]:
    for spelling in unit:
        yield f"{number} {spelling}"
        yield f"{number}{spelling}"
