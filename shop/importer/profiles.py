"""What a row of a product file says, by profile: the project's own columns, and Kaggle's "Fashion Product Images"."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from .cells import ABSENT, Mark, RowError, Size, picture_names, price, sizes, stock_keeping_unit, text

NEEDED = ("name", "category")  # by a new product
LEVELS = ("category", "subcategory", "article_type")
DETAILS = {"season": "Season", "year": "Year", "usage": "Usage"}  # columns and their attributes
COLUMNS = (
    "id", "name", *LEVELS, "brand", "gender", "colour", *DETAILS, "price", "currency", "description", "style_note",
    "materials_care", "size_fit", "attributes", "created", "sizes", "images", "large_image",
)  # fmt: skip
NAME_COLUMN = "productDisplayName"
KAGGLE = {
    NAME_COLUMN: "name", "masterCategory": "category", "subCategory": "subcategory",
    "articleType": "article_type", "baseColour": "colour",
}  # fmt: skip
TEXTS = frozenset(
    {"name", *LEVELS, "brand", "gender", "colour", *DETAILS, "description", "style_note", "materials_care", "size_fit",
     *KAGGLE}
)  # fmt: skip
# Columns of the retailer's own bookkeeping and tax classes, which mean nothing to a shopper.
BOOKKEEPING = frozenset(
    {"Body or Garment Size", "Brick", "Business Unit", "Class", "Family", "Make", "Processing Time",
     "Segment", "taxMaterial"}
)  # fmt: skip

SEASON_STARTS = {"spring": 2, "summer": 5, "fall": 8, "autumn": 8, "winter": 11}
EARLIEST, LATEST = 1900, 2100  # years; Postgres stores the year 10000, and Python cannot read it again
LONGEST_TEXT = 100_000
HEADINGS = {"materials_care": "Materials and care: ", "size_fit": "Size and fit: "}


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueRow:
    """One product as it shall be: as its row states it, and where that has no column, as the product is.

    `sizes` is None where the source has no sizes; `created` is None where it has no date; `currency` is "" where neither
    says it: a new product gets the shop's.
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


def read_columns(
    values: Mapping[str, str], own: CatalogueRow | None = None, *, decimal: Mark | None = None
) -> CatalogueRow:
    """Read a row of the project's own format.

    Args:
        values: column name to value; only `id` must be there, for a new product `name` and `category`, too.
        own: the product as it is, None where there is none of this SKU; what the row has no column for is taken from it.
        decimal: the mark before decimals in prices.

    Raises:
        RowError: a value cannot be used, or a new product lacks what it needs.
    """
    sku = stock_keeping_unit(values.get("id"))
    if own is None:
        if lacking := [column for column in NEEDED if column not in values]:
            raise RowError(f"no product has the SKU {sku}, and a new one needs {' and '.join(lacking)}")
        own = CatalogueRow(sku=sku, name="", category=())
    return CatalogueRow(
        sku=sku,
        name=text(values["name"], column="name", limit=200, required=True) if "name" in values else own.name,
        category=category_path([values.get(column) for column in LEVELS], own.category),
        brand=_short(values, "brand", 100, own.brand),
        description=_description(values, own.description),
        price=price(values["price"], decimal) if "price" in values else own.price,
        currency=_currency(values) or own.currency,
        gender=_short(values, "gender", 20, own.gender),
        colour=_short(values, "colour", 40, own.colour),
        attributes=_attributes(values, own.attributes),
        created=_created(sku, values),
        sizes=sizes(values.get("sizes")),
        pictures=picture_names(values.get("images")),
    )


def read_kaggle(
    values: Mapping[str, str], own: CatalogueRow | None = None, *, decimal: Mark | None = None
) -> CatalogueRow:
    """Read a row of `styles.csv`, or of a table that has the data set's details beside it.

    Raises:
        RowError: as `read_columns`, or two columns mean the same.
    """
    for column, own_column in KAGGLE.items():
        if column in values and own_column in values:
            raise RowError(f"the columns {column} and {own_column} mean the same; take one of them out")
    stated = {KAGGLE.get(column, column): value for column, value in values.items()}
    if NAME_COLUMN in values and stated.get("year") == "0":
        stated["year"] = ""
    row = read_columns(stated, own, decimal=decimal)
    for name in (BOOKKEEPING & row.attributes.keys()) if "attributes" in values else ():
        del row.attributes[name]
    return row


def category_path(levels: Sequence[str | None], own: Sequence[str]) -> tuple[str, ...]:
    """Path of category names, root first; a level that repeats the one above it is left out.

    Args:
        levels: what the row states of each, None where it has no column; an empty one takes the product's own away.
        own: the product's path, whose levels stay where the row has no column and states none above that are others.

    Raises:
        RowError: the first level is empty, or a name is too long or a path.
    """
    path: list[str] = []
    own = list(own)
    for depth, stated in enumerate(levels):
        follows = [name.casefold() for name in path] == [name.casefold() for name in own[: len(path)]]
        if stated is None:
            if follows:
                last = all(level is None for level in levels[depth:])
                path += own[len(path) :] if last else own[len(path) : len(path) + 1]
            continue
        level = text(stated, column="category", limit=100, required=depth == 0)
        if ">" in level:
            raise RowError(
                f"category {level!r} holds >; each level of a path has its own column: {', '.join(LEVELS)}"
            )
        if not level and follows:
            del own[len(path) : len(path) + 1]
        elif level and (not path or level.casefold() != path[-1].casefold()):
            path.append(level)
    return tuple(path)


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


def _short(values: Mapping[str, str], column: str, limit: int, own: str) -> str:
    return text(values[column], column=column, limit=limit) if column in values else own


def _currency(values: Mapping[str, str]) -> str:
    currency = text(values.get("currency"), column="currency", limit=40).upper()
    if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise RowError(f"currency {currency!r} is not a code of three letters, such as EUR")
    return currency


def _description(values: Mapping[str, str], own: str) -> str:
    """The paragraphs of all columns; those that have none are told apart in the product's own by their headings."""
    stated = {
        column: text(values[column], column=column, limit=LONGEST_TEXT)
        for column in ("description", "style_note", *HEADINGS)
        if column in values
    }
    if not stated or (as_stated := _joined(stated)) == own:
        return own
    if len(stated) == 4:
        return as_stated
    body, kept = own, {}
    for column, heading in reversed(HEADINGS.items()):
        before, found, after = f"\n\n{body}".rpartition(f"\n\n{heading}")
        if found:
            body, kept[column] = before.removeprefix("\n\n"), after
    kept["description"], kept["style_note"] = _body(body, stated)
    repeated = {
        column: ""
        for column, heading in HEADINGS.items()
        if f"\n\n{heading}" in f"\n\n{stated.get('description', '')}"
    }
    return _joined(kept | repeated | stated)


def _body(own: str, stated: Mapping[str, str]) -> tuple[str, str]:
    """The product's own description and style note, which stand one after the other without a heading.

    Raises:
        RowError: the row states one of them, and where the other one begins cannot be told.
    """
    paragraphs = own.split("\n\n")
    if len(paragraphs) == 1 or ("description" in stated) == ("style_note" in stated):
        return own, ""
    description, note = stated.get("description"), stated.get("style_note")
    if description and (own == description or own.startswith(f"{description}\n\n")):
        return description, own[len(description) :].removeprefix("\n\n")
    if note and own.endswith(f"\n\n{note}"):
        return own.removesuffix(f"\n\n{note}"), note
    if len(paragraphs) == 2 and "\n\n" not in (description or ""):
        return paragraphs[0], paragraphs[1]
    lacking = "style_note" if note is None else "description"
    raise RowError(
        f"description: the product has {len(paragraphs)} paragraphs, and which of them are its {lacking} cannot be told;"
        f" add the column {lacking}, with its text or empty"
    )


def _joined(texts: Mapping[str, str]) -> str:
    paragraphs = [texts.get("description", ""), texts.get("style_note", "")]
    paragraphs += [heading + texts[column] for column, heading in HEADINGS.items() if texts.get(column)]
    return "\n\n".join(filter(None, paragraphs))


def _attributes(values: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    if "attributes" in values:
        found = _stated_attributes(values["attributes"])
    else:
        found = {name: value for name, value in own.items() if name not in DETAILS.values()}
    for column, name in DETAILS.items():
        if column not in values:
            if name in own:
                found.setdefault(name, own[name])
            continue
        value = text(values[column], column=column, limit=40).removesuffix(".0")
        if value and found.setdefault(name, value) != value:
            raise RowError(
                f"{column} is {value!r}, and attributes say {found[name]!r}; one of them has to go"
            )
    return found


def _stated_attributes(source: str) -> dict[str, str]:
    if not source.strip():
        return {}
    try:
        stated = json.loads(source, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise RowError("attributes is not JSON") from None
    if not isinstance(stated, dict):
        raise RowError("attributes is not a JSON object")
    found = {}
    for name, value in stated.items():
        parts = value if isinstance(value, list) else [value]
        if any(isinstance(part, dict | list) for part in parts):
            raise RowError(
                f"attribute {name[:100]} holds an object or a list in a list; write a text or a list of texts"
            )
        if isinstance(value, list):
            value = ", ".join(str(part) for part in value)
        name = text(name, column="attributes", limit=100)
        value = text("" if value is None else str(value), column=f"attribute {name}", limit=1000)
        if name and value:
            found[name] = value
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise RowError(f"attributes names {doubled[:100]!r} twice; take one of them out")
    return found


def _created(sku: str, values: Mapping[str, str]) -> datetime | None:
    if stated := (values.get("created") or "").strip():
        try:
            moment = datetime.fromisoformat(stated)
        except ValueError:
            raise RowError(f"created {stated!r} is not an ISO 8601 date, such as 2023-12-31") from None
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
