"""Where a query states what may be a size or an age, whatever the catalogue has: "34x32", "2xl", "EU 42", "6 year old", "8"."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .size_charts import WAIST, YEARS, Size, letter_size, size_of

ADULT = 18  # years
WAISTS = range(22, 61)  # inches
_FREE = r"(?<![\w'\u2019.&/-])"
_END = r"(?![\w'\u2019&/%]|[.-]\w)"
_SIZE = r"(?:(?:in\s+)?sizes?\s*[:\-]?\s*)"
_NUMBER = r"\d{1,2}(?:\.5)?"
_SYSTEM = r"uk|eu|eur|us|usa|ind|india|european|euro"
_INCH = r"(?:\s*(?:inch(?:es)?|in\b|[\"\u201d]))?"
_SPAN = r"\s*(?:-|\u2013|/|to)\s*"
_YEARS = r"(?:years?|yrs?|y)"
_MONTHS = r"(?:months?|mths?|mos?)"
_OLD = r"(?P<old>\s*-?\s*(?:old|of\s+age)|/?o\b)"
_LETTERS = r"(?:(?:[2-6]|double|triple)[\s-]?)?(?:x{1,4}|(?:extra[\s-]?){1,3})[\s-]?(?:small|large|s|l)|[2-6][\s-]?xs"
_PRICED = frozenset(
    re.findall(r"\w+", "under below above over than upto to within max min least most between from and rs")
)
_PACKED = frozenset(
    re.findall(r"\w+", "pack packs pc pcs piece pieces set sets pair pairs k rupees dollars to")
)
_MORE = frozenset(re.findall(r"\w+", "more less above over below under"))


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(f"{_FREE}(?:{text}){_END}", re.IGNORECASE)


# What every text with a size or an age has: a digit, or a word or letters of sizes.
SIZED = re.compile(r"\d|small|medium|large|extra|(?<![\w'\u2019])x*[sml](?!\w)", re.IGNORECASE)
# In the order in which they are looked for; what one has read is not there for the next.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("waist", _pattern(rf"{_SIZE}?w\s?(?P<waist>\d\d)\s*[-/,x]?\s*l\s?(?P<inseam>\d\d)")),
    ("waist", _pattern(rf"{_SIZE}?(?P<waist>\d\d)\s?[x\u00d7/]\s?(?P<inseam>\d\d)")),
    (
        "waist",
        _pattern(
            rf"waist\s*(?:size\s*)?(?P<waist>\d\d){_INCH}(?:\s*(?:and\s+)?(?:inseam|leg|length)\s*(?P<inseam>\d\d){_INCH})?"
        ),
    ),
    ("waist", _pattern(rf"(?P<waist>\d\d){_INCH}\s*-?waist")),
    (
        "age",
        _pattern(
            rf"(?P<way>under|below|above|over|up\s?to)\s+(?:the\s+)?(?:age\s+(?:of\s+)?(?P<age>\d\d?)|(?P<n>\d\d?)\s*-?\s*{_YEARS}{_OLD}?)"
        ),
    ),
    (
        "age",
        _pattern(
            rf"{_SIZE}?(?:aged?s?\s*)?(?P<low>\d\d?){_SPAN}(?P<high>\d\d?)\s*-?\s*(?:(?P<months>{_MONTHS})|{_YEARS}){_OLD}?"
        ),
    ),
    (
        "age",
        _pattern(rf"age[ds]?\s*(?:of\s+)?(?P<low>\d\d?)(?:{_SPAN}(?P<high>\d\d?))?(?:\s*{_YEARS}{_OLD}?)?"),
    ),
    ("age", _pattern(rf"{_SIZE}?(?P<n>\d\d?)\s*-?\s*(?:(?P<months>{_MONTHS})|(?P<years>{_YEARS})){_OLD}?")),
    ("system", _pattern(rf"{_SIZE}?(?P<system>{_SYSTEM})\s*-?\s*{_SIZE}?(?P<number>{_NUMBER})")),
    ("system", _pattern(rf"{_SIZE}?(?P<number>{_NUMBER})\s*-?\s*(?P<system>{_SYSTEM})(?:\s+sizes?)?")),
    ("named", _pattern(rf"{_SIZE}?(?P<named>\d\d\s?[a-h]{{1,2}})")),
    ("named", _pattern(rf"{_SIZE}?(?P<named>{_LETTERS})(?:\s+sizes?)?")),
    ("named", _pattern(rf"{_SIZE}(?P<named>{_NUMBER}|small|medium|large|[sml])")),
    ("named", _pattern(r"(?P<named>small|medium|large|[sml])\s+sizes?")),
    ("bare", _pattern(rf"(?P<named>{_NUMBER}|small|medium|large|[sml])")),
)


@dataclass(frozen=True, slots=True)
class Stated:
    """What may be a size, where it stands, and what it says."""

    start: int
    end: int
    size: Size
    inseam: str = ""  # inches
    explicit: bool = True  # it can be nothing else


def find_sizes(text: str) -> list[Stated]:
    """Return what may be a size or an age in a text, in the order in which it stands there."""
    found: list[Stated] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            stated = _stated(kind, match, text)
            if stated is not None:
                found.append(stated)
                text = blanked(text, [stated])
    return sorted(found, key=lambda one: one.start)


def blanked(text: str, found: Iterable[Stated]) -> str:
    """Return the text with spaces for what was found, so that everything else stays where it is."""
    for one in found:
        text = f"{text[: one.start]}{' ' * (one.end - one.start)}{text[one.end :]}"
    return text


def _stated(kind: str, match: re.Match[str], text: str) -> Stated | None:
    start, end = match.span()
    groups = match.groupdict()
    if kind == "waist":
        inches = int(groups["waist"])
        inseam = groups.get("inseam") or ""
        if inches not in WAISTS or (inseam and int(inseam) not in WAISTS):
            return None
        return Stated(start, end, Size(WAIST, inches), inseam)
    if kind == "age":
        return _age(match, text[end:])
    if kind == "system":
        name = {"i": "UK", "u": groups["system"][:2].upper(), "e": "EU"}[groups["system"][0].lower()]
        return Stated(start, end, Size(name, float(groups["number"])))
    size = letter_size(groups["named"]) or size_of(groups["named"])
    if kind == "bare":
        before, after = text[:start].lower().split()[-1:], text[end:].lower().split()[:2]
        packed = not _PACKED.isdisjoint(after[:1]) or not _MORE.isdisjoint(after[1:])
        if packed or before == ["of"] or not _PRICED.isdisjoint(before):
            return None
        if before and before[0][-1] in "₹$€£":
            return None
    return Stated(start, end, size, explicit=kind != "bare")


def _age(match: re.Match[str], after: str) -> Stated | None:
    groups = {name: text for name, text in match.groupdict().items() if text}
    if after.lower().split()[:1] in (["warranty"], ["guarantee"]):
        return None
    unit = 12 if "months" in groups else 1
    low = float(groups.get("low") or groups.get("age") or groups.get("n") or 0) / unit
    high = float(groups["high"]) / unit if "high" in groups else low
    if way := groups.get("way", "").lower():
        below = low if way.startswith("up") else low - 1
        low, high = (0.0, max(below, 0.0)) if way[0] in "ub" else (low, float(ADULT - 1))
    explicit = bool(groups.keys() & {"old", "low", "age", "way"}) or groups.get("years", "").lower() == "y"
    return Stated(*match.span(), Size(YEARS, min(low, high), max(low, high)), explicit=explicit)
