"""Sizes in one form, however they are written, and the charts in `sizes.toml` that convert them."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parent.parent / "sizes.toml"

LETTER, NUMBER, WAIST, YEARS, OTHER = "letter", "number", "waist", "years", "other"
SYSTEMS = ("UK", "EU", "US", LETTER, WAIST)
_TIMES = {"double": 2, "triple": 3}
_LETTER = re.compile(
    r"(?:(?P<times>[2-6]|double|triple)[\s-]?)?(?P<xs>x+|(?:extra[\s-]?)+)?[\s-]?(?P<end>small|large|s|l)|(?P<medium>medium|m)"
)
_SYSTEM = re.compile(
    r"(?P<system>uk|eu|eur|us|ind)[\s-]?(?P<number>\d+(?:\.5)?)|(?P<after>\d+(?:\.5)?)[\s-]?(?P<named>uk|eu|eur|us|ind)"
)
_YEARS = re.compile(r"(\d+)(?:\s*[-\u2013/]\s*(\d+))?\s*(?:(m|months?)|y|yrs?|years?)", re.IGNORECASE)
_WAIST = re.compile(r"w?(\d\d)(?:\s*[x/]\s*|\s*l)\d\d")


class Size(NamedTuple):
    """A size: its system, and its number or the first and last of its range; letters and others have a name."""

    system: str
    low: float = 0.0
    high: float = 0.0
    name: str = ""

    def __str__(self) -> str:
        if self.name:
            return self.name
        number = f"{self.low:g}" if self.high <= self.low else f"{self.low:g}-{self.high:g}"
        return number if self.system in (NUMBER, WAIST, YEARS) else f"{self.system} {number}"


def letter_size(text: str) -> Size | None:
    """Return the size that letters or words for them name ("2xl", "xx-large", "extra large"), or None."""
    found = _LETTER.fullmatch(text.lower().strip())
    if found is None:
        return None
    if found["medium"]:
        return Size(LETTER, name="M")
    xs = found["xs"] or ""
    many = xs.count("extra") or xs.count("x")
    times = found["times"]
    if times and not many:
        return None
    many = _TIMES.get(times, 0) or int(times) if times else many
    return Size(LETTER, name="X" * many + found["end"][0].upper())


@lru_cache(maxsize=4096)
def size_of(value: str) -> Size:
    """Return a size as it is written in a catalogue: "XXL", "34", "UK 8", "6-7 Y", "34x32" (its waist), "34B"."""
    text = value.lower().strip()
    if letters := letter_size(text):
        return letters
    if re.fullmatch(r"\d+(?:\.5)?", text):
        return Size(NUMBER, float(text))
    if found := _SYSTEM.fullmatch(text):
        system = (found["system"] or found["named"])[:2].upper()
        return Size("UK" if system == "IN" else system, float(found["number"] or found["after"]))
    if found := _YEARS.fullmatch(text):
        unit = 12 if found[3] else 1
        return Size(YEARS, float(found[1]) / unit, float(found[2] or found[1]) / unit)
    if found := _WAIST.fullmatch(text):
        return Size(WAIST, float(found[1]))
    return Size(OTHER, name=re.sub(r"[\s-]", "", text).upper())


class ChartRow(NamedTuple):
    """Sizes that say the same: for whom, and the systems in which charts differ by a whole size."""

    who: str
    sizes: tuple[Size, ...]
    about: frozenset[str]


@dataclass(frozen=True)
class Charts:
    """The rows of all charts."""

    rows: Sequence[ChartRow]

    def conversions(
        self, size: Size, whose: Iterable[str]
    ) -> Iterator[tuple[str, list[Size], frozenset[str]]]:
        """What a size is in other systems: for whom, the sizes, and the systems in which these are approximate.

        Args:
            size: a size of one of the systems.
            whose: for whom: "men", "women", "children"; those of the first come first.
        """
        for who in whose:
            for row in self.rows:
                if row.who == who and size in row.sizes:
                    yield who, [other for other in row.sizes if other.system != size.system], row.about


@lru_cache(maxsize=2)
def load_charts(file: Path = FILE) -> Charts:
    """Read a file of charts.

    Raises:
        ValueError: a chart is not rows of systems and sizes; the sentence names the place.
    """
    try:
        charts = tomllib.loads(file.read_text()).get("chart", [])
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not TOML: {error}") from error
    rows = []
    for number, chart in enumerate(charts, 1):
        if chart.get("who") not in ("men", "women", "children"):
            raise ValueError(f'{file}: who of chart {number} must be "men", "women" or "children".')
        for row in chart.get("rows", []):
            about = frozenset(row.pop("about", "").split())
            if absent := about - row.keys():
                raise ValueError(
                    f"{file}: about of chart {number} names {', '.join(sorted(absent))}, which the row lacks."
                )
            if unknown := row.keys() - set(SYSTEMS):
                raise ValueError(
                    f"{file}: chart {number} has systems that there are not: {', '.join(sorted(unknown))}."
                )
            sizes = [_sized(system, text) for system, texts in row.items() for text in texts.split()]
            rows.append(ChartRow(chart["who"], tuple(sizes), about))
    return Charts(rows)


def _sized(system: str, text: str) -> Size:
    return Size(LETTER, name=text) if system == LETTER else Size(system, float(text))
