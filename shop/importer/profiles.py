"""What a row of a product file says, by profile: the project's own columns, and Kaggle's "Fashion Product Images"."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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


SEASON_STARTS = {"spring": 2, "summer": 5, "fall": 8, "autumn": 8, "winter": 11}
EARLIEST, LATEST = 1900, 2100  # years; Postgres stores the year 10000, and Python cannot read it again
LONGEST_STOCK = 10  # digits of 2**31


def read_columns(values: Mapping[str, str]) -> CatalogueRow:
    """Read a row of the project's own format.

    Args:
        values: column name to value; `id`, `name` and `category` are needed, every other may be absent.

    Raises:
        RowError: a value cannot be used.
    """
    sku = text(values.get("id"), column="id", limit=64, required=True)
    return CatalogueRow(
        sku=sku,
        name=text(values.get("name"), column="name", limit=200, required=True),
        category=category_path(values.get("category"), values.get("subcategory"), values.get("article_type")),
        brand=text(values.get("brand"), column="brand", limit=100),
        description=_description(values),
        price=price(values.get("price")),
        currency=text(values.get("currency"), column="currency", limit=3).upper(),
        gender=text(values.get("gender"), column="gender", limit=20),
        colour=text(values.get("colour"), column="colour", limit=40),
        attributes=_attributes(values),
        created=_created(sku, values),
        sizes=_sizes(values.get("sizes")),
        pictures=_pictures(values.get("images")),
    )


def category_path(*names: str | None) -> tuple[str, ...]:
    """Path of category names, root first; a level that repeats the one above it is left out.

    Raises:
        RowError: the first level is empty.
    """
    path = [text(names[0], column="category", limit=100, required=True)]
    for name in names[1:]:
        level = text(name, column="category", limit=100)
        if level and level.casefold() != path[-1].casefold():
            path.append(level)
    return tuple(level.replace(" > ", " ") for level in path)


def date_of_season(sku: str, year: str, season: str) -> datetime | None:
    """A moment inside the season, spread over its days by the SKU; None without a year.

    Raises:
        RowError: the year is not a year.
    """
    year = year.strip().removesuffix(".0")
    if year.lower() in ABSENT or year == "0":
        return None
    if not (year.isascii() and year.isdigit() and len(year) == 4 and EARLIEST <= int(year) <= LATEST):
        raise RowError(f"year {year[:40]!r} is not a year")
    start = datetime(int(year), SEASON_STARTS.get(season.strip().lower(), 1), 1, tzinfo=UTC)
    spread = int.from_bytes(hashlib.sha256(sku.encode()).digest()[:4])
    return min(start + timedelta(seconds=spread % (84 * 86_400)), datetime.now(UTC))


def _description(values: Mapping[str, str]) -> str:
    paragraphs = [
        text(values.get("description"), column="description", limit=100_000),
        text(values.get("style_note"), column="style_note", limit=100_000),
    ]
    for column, heading in (("materials_care", "Materials and care"), ("size_fit", "Size and fit")):
        if paragraph := text(values.get(column), column=column, limit=100_000):
            paragraphs.append(f"{heading}: {paragraph}")
    return "\n\n".join(filter(None, paragraphs))


def _attributes(values: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    if source := (values.get("attributes") or "").strip():
        try:
            stated = json.loads(source)
        except (ValueError, RecursionError):
            raise RowError("attributes is not JSON") from None
        if not isinstance(stated, dict):
            raise RowError("attributes is not a JSON object")
        for name, value in stated.items():
            if isinstance(value, list):
                value = ", ".join(str(part) for part in value)
            name = text(name, column="attributes", limit=100)
            value = text("" if value is None else str(value), column=f"attribute {name}", limit=1000)
            if name and value:
                found[name] = value
    for column, name in (("season", "Season"), ("year", "Year"), ("usage", "Usage")):
        if value := text(values.get(column), column=column, limit=40):
            found.setdefault(name, value.removesuffix(".0"))
    return found


def _created(sku: str, values: Mapping[str, str]) -> datetime | None:
    if stated := (values.get("created") or "").strip():
        try:
            moment = datetime.fromisoformat(stated)
        except ValueError:
            raise RowError(f"created {stated!r} is not an ISO 8601 date") from None
        return _within_years(moment if moment.tzinfo else moment.replace(tzinfo=UTC), stated)
    return date_of_season(sku, values.get("year") or "", values.get("season") or "")


def _within_years(moment: datetime, stated: str) -> datetime:
    try:
        year = moment.astimezone(UTC).year
    except OverflowError:  # before the year 1, or after 9999
        year = 0
    if not EARLIEST <= year <= LATEST:
        raise RowError(f"created {stated!r} is not between the years {EARLIEST} and {LATEST}")
    return moment


def _sizes(stated: str | None) -> tuple[Size, ...] | None:
    """`S:4|M:0|L` is three sizes; of the last the stock is not stated."""
    if not (stated or "").strip():
        return None
    sizes: dict[str, Size] = {}
    for part in (stated or "").split("|"):
        name, _, stock = part.partition(":")
        name, stock = text(name, column="sizes", limit=40, required=True), stock.strip()
        if stock and not _is_stock(stock):
            raise RowError(f"sizes: stock {stock[:40]!r} is not a whole number")
        if name in sizes:
            raise RowError(f"sizes: {name!r} occurs twice")
        sizes[name] = Size(name, int(stock.lstrip("0") or "0") if stock else None)
    return tuple(sizes.values())


def _is_stock(stated: str) -> bool:
    """Whether it is a number that the column holds; Python refuses to read one of thousands of digits."""
    digits = stated.isascii() and stated.isdigit() and len(stated.lstrip("0")) <= LONGEST_STOCK
    return digits and int(stated.lstrip("0") or "0") < 2**31


def _pictures(stated: str | None) -> tuple[str, ...]:
    names = (text(name, column="images", limit=200) for name in (stated or "").split("|"))
    return tuple(dict.fromkeys(filter(None, names)))


NAME_COLUMN = "productDisplayName"
# Columns of the retailer's own bookkeeping and tax classes, which mean nothing to a shopper.
BOOKKEEPING = frozenset(
    {"Body or Garment Size", "Brick", "Business Unit", "Class", "Family", "Make", "Processing Time",
     "Segment", "taxMaterial"}
)  # fmt: skip


def read_kaggle(values: Mapping[str, str]) -> CatalogueRow:
    """Read a row of `styles.csv`, or of a table that has the data set's details beside it.

    Raises:
        RowError: a value cannot be used.
    """
    if NAME_COLUMN not in values:
        row = read_columns(values)
        for name in BOOKKEEPING & row.attributes.keys():
            del row.attributes[name]
        return row
    sku = text(values.get("id"), column="id", limit=64, required=True)
    season, year = values.get("season") or "", values.get("year") or ""
    created = date_of_season(sku, year, season)
    details = {"Season": season, "Year": str(created.year) if created else "", "Usage": values.get("usage")}
    details = {name: text(value, column=name.lower(), limit=40) for name, value in details.items()}
    return CatalogueRow(
        sku=sku,
        name=text(values.get(NAME_COLUMN), column=NAME_COLUMN, limit=200, required=True),
        category=category_path(
            values.get("masterCategory"), values.get("subCategory"), values.get("articleType")
        ),
        gender=text(values.get("gender"), column="gender", limit=20),
        colour=text(values.get("baseColour"), column="baseColour", limit=40),
        attributes={name: value for name, value in details.items() if value},
        created=created,
    )
