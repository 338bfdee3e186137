"""Product feeds as Google Merchant Center defines them, in tables or XML: rows of one group and colour are one product in several sizes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from .cells import Mark, RowError, Size, is_absent, is_stock, price, stock_keeping_unit, text
from .profiles import CatalogueRow, read_columns

COLUMNS = (
    "id", "title", "description", "image_link", "additional_image_link", "price", "sale_price", "sale_price_effective_date",
    "availability", "quantity", "brand", "gender", "age_group", "color", "size", "item_group_id", "google_product_category",
    "product_type", "material", "pattern", "product_detail",
)  # fmt: skip
PATHS = ("product_type", "google_product_category")  # the shop's own, and Google's
# What may be there several times: in XML as elements, which become lines of one value; in tables between commas.
LISTS = frozenset({"image_link", "additional_image_link", "size", "product_detail"})
TEXTS = frozenset({"title", "color", *PATHS, "material", "pattern", "product_detail"})
CATEGORIES = Path(__file__).parent / "google_categories.toml"
IN_STOCK = {"in_stock": True, "out_of_stock": False, "preorder": False, "backorder": False}
GENDERS = {"male": ("Men", "Boys"), "female": ("Women", "Girls"), "unisex": ("Unisex", "Kids")}
AGES = {"": 0, "adult": 0, "newborn": 1, "infant": 1, "toddler": 1, "kids": 1}
DETAILS = {"material": "Material", "pattern": "Pattern"}
LONGEST_PATH = 400  # characters; the paths of the shop's categories have 500
ONE_SIZE = "One size"
# What a shop has once for all sizes of a product; titles and descriptions often name the size, and the first row's count.
ONCE = ("price", "sale_price", "brand", "gender", "age_group", "google_product_category", "product_type")
# What `gather` adds; no column has such a name.
SIZES, LINES, GAPS = "sizes of the product", "lines of the product", "rows are missing"
_NUMBERED = re.compile(r"\d+ - ")  # a line of Google's own list, "212 - Apparel & Accessories > ..."
_MONEY = re.compile(r"(.*\d[.,]?)\s*([A-Za-z]{3})")


def gather(
    rows: Iterable[tuple[int, dict[str, str] | RowError]],
) -> Iterator[tuple[int, dict[str, str] | RowError]]:
    """Put the rows of each product together; the values are those of its first row, `id` is the product's SKU.

    The SKU is `item_group_id-color`, or `item_group_id` where there is no colour, or `id` where there is no group.

    Args:
        rows: line numbers and values, or the errors of rows, of the whole feed.

    Yields:
        The same; errors in place of rows that do not go with the first row of their product, or whose `id` was there before.
    """
    products: dict[str, tuple[int, dict[str, str]]] = {}
    sizes: dict[str, dict[str, tuple[int, str, str]]] = {}
    lines: dict[str, list[int]] = {}
    ids: dict[str, int] = {}
    gaps: dict[str, str] = {}
    for line, values in rows:
        if isinstance(values, RowError):
            gaps = {GAPS: "yes"}
            yield line, values
            continue
        try:
            sku, own_sizes = _sku(values, line, ids), _size_names(values)
            first_line, first = products.setdefault(sku, (line, values))
            _same_product(sku, values, first, first_line, sizes.get(sku, {}), own_sizes)
        except RowError as error:
            gaps = {GAPS: "yes"}
            yield line, error
            continue
        # Of several sizes in one row the quantity is that of all together.
        quantity = values.get("quantity", "") if len(own_sizes) == 1 else ""
        sizes.setdefault(sku, {}).update(
            dict.fromkeys(own_sizes, (line, values.get("availability", ""), quantity))
        )
        lines.setdefault(sku, []).append(line)
    for sku, (line, values) in products.items():
        found = [[size, availability, quantity] for size, (_, availability, quantity) in sizes[sku].items()]
        stated = [*sizes[sku], *(word for _, *words in sizes[sku].values() for word in words)]
        added = (
            {} if all(is_absent(word) or word == ONE_SIZE for word in stated) else {SIZES: json.dumps(found)}
        )
        yield line, {**values, "id": sku, **added, **gaps, LINES: ", ".join(map(str, lines[sku][1:]))}


def read_google(
    values: Mapping[str, str], own: CatalogueRow | None = None, *, decimal: Mark | None = None
) -> CatalogueRow:
    """Read a product of a feed.

    Raises:
        RowError: a value cannot be used, or a new product lacks what it needs.
    """
    categories = [column for column in PATHS if column in values]
    if own is None:
        lacking = [] if "title" in values else ["title"]
        lacking += [] if categories else ["product_type"]
        if lacking:
            raise RowError(
                f"no product has the SKU {values.get('id')}, and a new one needs {' and '.join(lacking)}"
            )
    stated = {"id": values.get("id", "")}
    for column, name in (
        ("title", "name"),
        ("description", "description"),
        ("brand", "brand"),
        ("color", "colour"),
    ):
        if column in values:
            stated[name] = values[column]
    if "title" in values:
        text(values["title"], column="title", limit=200, required=True)
    path = _category(values, categories) if categories else None
    row = read_columns(stated | ({"category": path[0]} if path else {}), own)
    changed: dict[str, object] = {"category": path} if path else {}
    if "price" in values:
        amount, currency = money(values, decimal)
        changed |= {"price": amount, "currency": currency or row.currency}
    if "gender" in values:
        changed["gender"] = _gender(values)
    details = {
        name: text(values[column], column=column, limit=1000)
        for column, name in DETAILS.items()
        if column in values
    }
    details = dict(_details(values.get("product_detail", ""))) | details
    attributes = {name: value for name, value in (row.attributes | details).items() if value != ""}
    pictures = _pictures(values)
    sizes = tuple(_sizes(json.loads(values[SIZES]), values)) if SIZES in values else None
    if sizes and own and GAPS in values:  # a size whose row is bad is not one that the shop no longer has
        named = {size.size for size in sizes}
        sizes += tuple(size for size in own.sizes or () if size.size not in named)
    if sizes and "size" not in values and own and any(size.size != ONE_SIZE for size in own.sizes or ()):
        names = ", ".join(size.size for size in own.sizes or ())
        raise RowError(
            f"availability: the product has the sizes {names}, and the file lacks the column size; add it"
        )
    return replace(row, **changed, attributes=attributes, pictures=pictures, sizes=sizes)  # type: ignore[arg-type]


def money(values: Mapping[str, str], decimal: Mark | None = None) -> tuple[Decimal | None, str]:
    """Price and currency of a row; the sale price where there is one, on its days if these are stated.

    Raises:
        RowError: no number with a currency, two currencies, or no interval of dates.
    """
    full, currency = _amount(values, "price", decimal)
    reduced, of_sale = _amount(values, "sale_price", decimal)
    if reduced is None or not _is_on(values.get("sale_price_effective_date", "")):
        return full, currency
    if currency and of_sale != currency:
        raise RowError(f"sale_price is in {of_sale}, price in {currency}")
    if full and reduced > full:
        raise RowError(f"sale_price {reduced} is above price {full}")
    return reduced, of_sale


def _amount(values: Mapping[str, str], column: str, decimal: Mark | None) -> tuple[Decimal | None, str]:
    value = values.get(column, "").strip()
    if is_absent(value):
        return None, ""
    if not (found := _MONEY.fullmatch(value)):
        raise RowError(
            f"{column} {value[:40]!r}: write the number and behind it the code of three letters, such as 24.99 EUR"
        )
    return price(found[1], decimal), found[2].upper()


def _is_on(interval: str) -> bool:
    if is_absent(interval):
        return True
    try:
        begin, end = (datetime.fromisoformat(moment.strip()) for moment in interval.split("/"))
    except ValueError:
        raise RowError(
            f"sale_price_effective_date {interval[:80]!r} is not two ISO 8601 dates with a slash between them"
        ) from None
    if end.replace(tzinfo=None) < begin.replace(tzinfo=None):
        raise RowError(f"sale_price_effective_date {interval[:80]!r} ends before it begins")
    begin, end = (moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in (begin, end))
    return begin <= datetime.now(UTC) <= end


def _sku(values: Mapping[str, str], line: int, ids: dict[str, int]) -> str:
    own, group = stock_keeping_unit(values.get("id")), values.get("item_group_id", "")
    if own in ids:
        raise RowError(f"id {own} is already on line {ids[own]}")
    ids[own] = line
    if is_absent(group):
        return own
    colour = text(values.get("color"), column="color", limit=40)
    return "-".join(filter(None, (stock_keeping_unit(group), colour)))


def _size_names(values: Mapping[str, str]) -> list[str]:
    names = [text(size, column="size", limit=40) for size in values.get("size", "").split("\n")]
    return [name for name in names if name] or [ONE_SIZE]


def _same_product(
    sku: str,
    values: Mapping[str, str],
    first: Mapping[str, str],
    first_line: int,
    sizes: Mapping[str, tuple[int, str, str]],
    own_sizes: Iterable[str],
) -> None:
    if values is first:
        return
    for column in ONCE:
        if values.get(column, "").strip() != first.get(column, "").strip():
            raise RowError(
                f"{column} differs from line {first_line}, which is the same product in another size; the shop has one"
                f" {column} per product"
            )
    if doubled := [size for size in own_sizes if size in sizes]:
        raise RowError(f"size {doubled[0]!r} of SKU {sku} is already on line {sizes[doubled[0]][0]}")


def _category(values: Mapping[str, str], columns: list[str]) -> tuple[str, ...]:
    """The path of the shop's own tree, product_type, or else Google's, by its number or in words."""
    column = next((column for column in columns if not is_absent(values[column])), columns[0])
    path = text(values[column], column=column, limit=LONGEST_PATH)
    if column == "google_product_category":
        path = _NUMBERED.sub("", google_categories().get(path, path))
    if path.isdigit():
        raise RowError(
            f"{column} {path} is a number that {CATEGORIES.name} does not have; write the path in words, such as Apparel > Shirts"
        )
    levels = [text(level, column=column, limit=100) for level in path.split(">")]
    if not any(levels):
        raise RowError(f"{column} is empty")
    return tuple(filter(None, levels))


@lru_cache(maxsize=1)
def google_categories() -> dict[str, str]:
    """Google's categories that a fashion shop has: paths in words by number."""
    return tomllib.loads(CATEGORIES.read_text(encoding="utf-8"))


def _listed(value: str) -> list[str]:
    """What stands in several lines, or else between commas."""
    return value.split("\n") if "\n" in value else value.split(",")


def _details(stated: str) -> Iterator[tuple[str, str]]:
    """Names and values of `section:name:value`; the section may be missing, and a part without a colon goes on with the value."""
    parts: list[str] = []
    for part in _listed(stated):
        if ":" in part or not parts:
            parts.append(part)
        else:
            parts[-1] += f",{part}"
    for part in filter(str.strip, parts):
        *_, name, value = ["", *part.split(":", 2)]
        name = text(name, column="product_detail", limit=100)
        if not name:
            raise RowError(f"product_detail {part[:80]!r} is not section:name:value")
        yield name, text(value, column=f"product_detail {name}", limit=1000)


def _gender(values: Mapping[str, str]) -> str:
    gender, age = values["gender"].strip().lower(), values.get("age_group", "").strip().lower()
    if age not in AGES:
        raise RowError(f"age_group {age[:40]!r} is not one of {', '.join(list(AGES)[2:])}, adult")
    if is_absent(gender):
        return ""
    if gender not in GENDERS:
        raise RowError(f"gender {gender[:40]!r} is not one of {', '.join(GENDERS)}")
    return GENDERS[gender][AGES[age]]


def _sizes(found: list[list[str]], values: Mapping[str, str]) -> Iterator[Size]:
    for size, availability, quantity in found:
        stated = availability.strip().lower().replace(" ", "_")
        if "availability" in values and stated not in IN_STOCK:
            raise RowError(f"availability {availability[:40]!r} is not one of {', '.join(IN_STOCK)}")
        if not IN_STOCK.get(stated, True):
            yield Size(size, 0)
        elif is_absent(quantity):
            yield Size(size, None, least=1 if stated else 0)
        elif is_stock(quantity.strip()):
            yield Size(size, int(quantity))
        else:
            raise RowError(f"quantity {quantity[:40]!r} is not a whole number")


def _pictures(values: Mapping[str, str]) -> tuple[str, ...]:
    links = [*values.get("image_link", "").split("\n"), *_listed(values.get("additional_image_link", ""))]
    names = []
    for link in filter(None, map(str.strip, links)):
        web = link.startswith(("http://", "https://"))
        names.append(
            text(
                unquote(PurePosixPath(urlsplit(link).path).name) if web else link,
                column="image_link",
                limit=200,
            )
        )
    return tuple(dict.fromkeys(filter(None, names)))
