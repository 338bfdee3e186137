"""What one cell of a product file says: text, price, sizes, SKU, names of pictures."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

ABSENT = frozenset({"", "na", "n/a", "n.a.", "nan", "none", "null", "(blank)", "-", "--", "\u2013", "\u2014"})
MAX_PRICE = Decimal("9999999999.99")
LONGEST_STOCK = 10  # digits of 2**31

Mark = Literal["point", "comma"]  # what stands before the decimals of a price

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)  # 1.23457E+12
_WHOLE = re.compile(r"^(\d+)\.0$")
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_UNCLEAR = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")  # 1.299 is 1299 to one half of the world
_CURRENCY = re.compile(r"[$£¥€₹]|[A-Za-z]{2,}\W*\d|\d\W*[A-Za-z]{2,}")
_SPACES = "[ '\u2019\u00a0\u202f]"  # between thousands, whichever mark stands before the decimals
_WRITTEN: dict[Mark, re.Pattern[str]] = {
    "point": re.compile(rf"-?(?:[0-9]+|[0-9]{{1,3}}(?:(?:,|{_SPACES})[0-9]{{3}})+)(?:\.[0-9]+)?"),
    "comma": re.compile(rf"-?(?:[0-9]+|[0-9]{{1,3}}(?:(?:\.|{_SPACES})[0-9]{{3}})+)(?:,[0-9]+)?"),
}
_THOUSANDS: dict[Mark, str] = {"point": ",", "comma": "."}
# What failed in a spreadsheet, in any language (#REF!, #BEZUG!, #NOM?, #DIV/0!), and a column that was too narrow.
_COMPUTED = re.compile(r"#[\u00a1\u00bf]?[A-Z\u00c0-\u00dc/0]{2,}[!?]|#N/?[ADV]|#{3,}")
_FORMULA = re.compile(r'="[^"]*"')  # ="00123", which keeps zeros in a spreadsheet
_MONTH = (
    r"(?:jan|feb|m[a\u00e4]r|mrz|apr|may|mai|jun|jul|aug|sep|o[ck]t|nov|de[cz]|f[e\u00e9]v|avr|ao[u\u00fb]|ene|abr|ago|dic|mag|giu|lug|ott)"
    r"[a-z\u00e9]{0,2}\.?"
)
_DATE = re.compile(
    rf"\d{{1,2}}[-.]\s?{_MONTH}|{_MONTH}-\d{{1,4}}|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}|\d{{4}}-\d\d-\d\d(?:[ T].*)?",
    re.IGNORECASE,
)
_OTHER_SIZES = re.compile(r"(?:\d?X*[SML]\s+)+\d?X*[SML]|.*[=\[\]{}\"].*", re.IGNORECASE)
_DECIMALS = re.compile(r"\d{3,}\.0+")  # 123.0, which programs make of numbers beside empty cells
# UTF-8 that was read as Windows-1252, signs that stand for lost ones, and what spreadsheets write for control characters.
_SECOND_BYTES = bytes(range(0x80, 0xC0)).decode("cp1252", "ignore")
_DAMAGED = re.compile(
    rf"[\u00c2\u00c3\u00d0\u00d1][{re.escape(_SECOND_BYTES)}]|\u00e2\u20ac|\ufffd|_x[0-9A-F]{{4}}_"
)
_HALF_SIZE = re.compile(r"\d,5(?!\d)")


class RowError(Exception):
    """A row cannot be imported; the message is the reason, for the person who keeps the file."""


@dataclass(frozen=True, slots=True)
class Size:
    """One size and how many pieces of it there are; None where the source does not say, or says no more than `least`."""

    size: str
    stock: int | None
    least: int = 0


def is_absent(value: str) -> bool:
    """Whether a cell is empty, or says so in a word."""
    return value.strip().lower() in ABSENT


def text(value: str | None, *, column: str, limit: int, required: bool = False) -> str:
    """Trim a value and check that it can be stored.

    Raises:
        RowError: it is missing though required, too long, left by a spreadsheet in place of a value, or holds characters that are no text.
    """
    value = (value or "").strip()
    if value.lower() in ABSENT:
        value = ""
    failed = _COMPUTED.fullmatch(value)
    if failed or _FORMULA.fullmatch(value):
        what = "an error" if failed else "a formula"
        raise RowError(f"{column} {value[:40]!r} is {what} of a spreadsheet; write the value itself")
    if required and not value:
        raise RowError(f"{column} is empty")
    if len(value) > limit:
        raise RowError(f"{column} has {len(value)} characters; the limit is {limit}")
    for character in value:
        kind = unicodedata.category(character)
        if kind == "Cs":
            raise RowError(
                f"{column} holds bytes that are no text in the file's encoding; save the file as UTF-8"
            )
        if kind == "Cc" and character not in "\t\n\r":
            raise RowError(f"{column} holds the control character U+{ord(character):04X}")
    return value


def is_damaged(value: str) -> bool:
    """Whether characters look as if a text had been saved in one encoding and opened in another."""
    return bool(_DAMAGED.search(value))


def decode_entities(value: str, *, in_json: bool = False) -> str:
    """Return a text with the characters that HTML entities such as `&amp;` stand for; those of no character stay.

    Args:
        value: the text.
        in_json: leave those alone that would end a string of JSON.
    """

    def decoded(found: re.Match[str]) -> str:
        character = html.unescape(found[0])
        if character in ("", "\ufffd") or (in_json and (character in '"\\' or ord(character[0]) < 32)):
            return found[0]
        return character

    return _ENTITY.sub(decoded, value) if "&" in value else value


def stock_keeping_unit(value: str | None) -> str:
    """Read the SKU.

    Raises:
        RowError: it is empty or too long, a spreadsheet has shortened it, or it looks like another SKU.
    """
    sku = text(value, column="id", limit=64, required=True)
    if _SHORTENED.fullmatch(sku):
        raise RowError(
            f"id {sku!r} is a long number that a spreadsheet has shortened, and its digits are lost; format the column"
            " as text, enter the SKUs again and export the file"
        )
    if _DECIMALS.fullmatch(sku):
        raise RowError(
            f"id {sku!r} is a number to which a program has added decimals; format the column as text and export the file again"
        )
    if sku.startswith("'"):
        raise RowError(f"id {sku} begins with an apostrophe, with which spreadsheets mark text; leave it out")
    for character in sku:
        if character != " " and unicodedata.category(character) in ("Cf", "Zs"):
            raise RowError(
                f"id {sku!r} holds the character U+{ord(character):04X}, which cannot be seen; type the SKU again"
            )
    return sku


def price(value: str | None, decimal: Mark | None = None) -> Decimal | None:
    """Price with two decimals; None where it is empty or 0, which sources use for unknown.

    Args:
        value: the cell.
        decimal: the mark before decimals; without it, commas and whatever could be a mark of thousands are refused.

    Raises:
        RowError: not a number, one that can be read in two ways, more than two decimals, negative, or too large.
    """
    value = (value or "").strip()
    if value.lower() in ABSENT:
        return None
    shown = value[:40]
    if decimal is None and (
        _UNCLEAR.fullmatch(value)
        or (not _PLAIN.fullmatch(value) and any(written.fullmatch(value) for written in _WRITTEN.values()))
    ):
        raise RowError(
            f"price {shown!r} needs the option that says how the file writes prices: --decimal comma (1.299,00) or"
            " --decimal point (1,299.00)"
        )
    if not (_WRITTEN[decimal] if decimal else _PLAIN).fullmatch(value):
        hint = f" as --decimal {decimal} writes them" if decimal else ""
        if _CURRENCY.search(value):
            hint += "; leave out the currency, which has a column of its own"
        raise RowError(f"price {shown!r} is not a number{hint}")
    if decimal:
        value = re.sub(_SPACES, "", value.replace(_THOUSANDS[decimal], "")).replace(",", ".")
    number = Decimal(value)
    if number < 0 or number > MAX_PRICE:
        raise RowError(f"price {shown!r} is not between 0 and {MAX_PRICE}")
    rounded = number.quantize(Decimal("0.01"))
    if rounded != number:
        raise RowError(f"price {shown!r} has more than two decimals")
    return rounded or None


def sizes(stated: str | None) -> tuple[Size, ...] | None:
    """`S:4|M:0|L` is three sizes; of the last the stock is not stated. `S, M, L`, `S; M; L`, `S/M/L` and three lines are, too.

    Two sizes with a slash between them, such as `S/M`, are one, unless both have a stock.

    Raises:
        RowError: a size is empty, too long, doubled, a date or in another notation, a stock is not a whole number, or a comma may
            be a decimal comma.
    """
    stated = (stated or "").strip()
    if not stated:
        return None
    found: dict[str, Size] = {}
    for part in [stated] if _DATE.fullmatch(stated) else _parts(stated):
        if _DATE.fullmatch(part.strip()):
            raise RowError(
                f"sizes: {part.strip()!r} is a date that a spreadsheet has made of a size; format the column as text and"
                " enter the sizes again"
            )
        name, _, stock = part.partition(":")
        name, stock = text(name, column="sizes", limit=40, required=True), stock.strip()
        if _OTHER_SIZES.fullmatch(name):
            raise RowError(f"sizes: {name!r} is not a size; write S:4|M:0|L")
        name = _WHOLE.sub(r"\1", name)
        if stock and not is_stock(stock):
            raise RowError(f"sizes: stock {stock[:40]!r} is not a whole number")
        if name.casefold() in found:
            raise RowError(f"sizes: {name!r} occurs twice")
        found[name.casefold()] = Size(name, int(stock.lstrip("0") or "0") if stock else None)
    return tuple(found.values())


def _parts(stated: str) -> list[str]:
    for mark in "|;\n":
        if mark in stated:
            return stated.split(mark)
    if half := _HALF_SIZE.search(stated):
        raise RowError(
            f"sizes: {half[0]!r} may be one size or two; write 37.5 for half sizes, and | between sizes"
        )
    if "," in stated:
        return stated.split(",")
    parts = stated.split("/")
    return parts if len(parts) > 2 or all(":" in part for part in parts) else [stated]


def is_stock(stated: str) -> bool:
    """Whether it is a number that the column holds; Python refuses to read one of thousands of digits."""
    digits = stated.isascii() and stated.isdigit() and len(stated.lstrip("0")) <= LONGEST_STOCK
    return digits and int(stated.lstrip("0") or "0") < 2**31


def picture_names(stated: str | None) -> tuple[str, ...]:
    """Read `a.jpg|b.jpg`; each may stand on a line of its own.

    Raises:
        RowError: a name is too long, or holds characters that are no text.
    """
    names = (text(name, column="images", limit=200) for name in re.split(r"[|\n]", stated or ""))
    return tuple(dict.fromkeys(filter(None, names)))
