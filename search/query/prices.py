"""Price words: "under 1500", "between 1000 and 2500", "₹2k to ₹3k", "above 4000"."""

import re
from dataclasses import dataclass
from decimal import Decimal

_SIGN = r"(?:₹|rs\.?|inr|\$|usd|€|eur|£|gbp)"
_AMOUNT = rf"{_SIGN}?\s*(\d[\d,]*(?:\.\d{{1,2}})?)\s*(k\b)?\s*(?:{_SIGN}|rupees|dollars|euros|pounds|bucks)?"
_BETWEEN = re.compile(
    rf"\b(?:(?:price[ds]?|cost(?:s|ing)?)\s+)?(?:between|from)\s+{_AMOUNT}\s*(?:and|to|-|\u2013|&)\s*{_AMOUNT}",
    re.I,
)
_RANGE = re.compile(rf"{_SIGN}\s*(\d[\d,]*)\s*(k\b)?\s*(?:-|\u2013|to)\s*{_AMOUNT}", re.I)
_BARE_RANGE = re.compile(r"(?<![\w-])(\d{3,6})(k\b)?\s*(?:-|\u2013|to)\s*(\d{3,6})(k\b)?(?![\w-])", re.I)
_AT_MOST = re.compile(
    rf"(?:\b(?:under|below|less\s+than|cheaper\s+than|not\s+more\s+than|no\s+more\s+than|up\s?to|within|max(?:imum)?|at\s+most|"
    rf"lower\s+than)|<=?)\s*(?:of\s+)?{_AMOUNT}",
    re.I,
)
_AT_LEAST = re.compile(
    rf"(?:\b(?:above|over|more\s+than|costlier\s+than|dearer\s+than|higher\s+than|min(?:imum)?|at\s+least|starting\s+(?:from|at)|from)|>=?)"
    rf"\s*{_AMOUNT}",
    re.I,
)
_AND_MORE = re.compile(rf"{_AMOUNT}\s+(?:and|or)\s+(above|over|more|below|under|less)\b", re.I)
_LEAST_DIGITS = 2  # "over 9" is more likely a size or an age than a price


@dataclass(frozen=True, slots=True)
class Price:
    """A price range that the query states."""

    text: str  # as typed: "under 1500"
    lowest: Decimal | None = None
    highest: Decimal | None = None


def read_price(text: str) -> tuple[Price | None, str]:
    """Return the price range that a query states, and the query without those words.

    A range whose ends are swapped is put right. An amount of one digit is not taken as a price.
    """
    for pattern in (_BETWEEN, _RANGE, _BARE_RANGE):
        if found := pattern.search(text):
            first, second = _amount(*found.group(1, 2)), _amount(*found.group(3, 4))
            if first is not None and second is not None:
                return _cut(text, found, min(first, second), max(first, second))
    if found := _AND_MORE.search(text):
        amount, more = _amount(*found.group(1, 2)), found.group(3).lower() in ("above", "over", "more")
        if amount is not None:
            return _cut(text, found, amount if more else None, None if more else amount)
    lowest = highest = None
    stated = []
    for pattern in (_AT_MOST, _AT_LEAST):
        found = pattern.search(text)
        amount = _amount(*found.group(1, 2)) if found else None
        if found is None or amount is None:
            continue
        stated.append(found.group().strip())
        text = text[: found.start()] + " " + text[found.end() :]
        if pattern is _AT_MOST:
            highest = amount
        else:
            lowest = amount
    if not stated:
        return None, text
    if lowest is not None and highest is not None and lowest > highest:
        lowest, highest = highest, lowest
    return Price(" ".join(stated), lowest, highest), " ".join(text.split())


def _cut(
    text: str, found: re.Match[str], lowest: Decimal | None, highest: Decimal | None
) -> tuple[Price, str]:
    rest = f"{text[: found.start()]} {text[found.end() :]}"
    return Price(found.group().strip(), lowest, highest), " ".join(rest.split())


def _amount(digits: str, thousands: str | None) -> Decimal | None:
    plain = digits.replace(",", "")
    if len(plain) < _LEAST_DIGITS and not thousands:
        return None
    amount = Decimal(plain) * (1000 if thousands else 1)
    return amount if amount < Decimal(10) ** 10 else None
