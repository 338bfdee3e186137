"""Product files: their rows one by one, the columns that a file must not lack, and the report of rows that were left out."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from shop.files import replace_file
from shop.models import Product

from .profiles import NAME_COLUMN, CatalogueRow, RowError

FIELD_LIMIT = 1_000_000
type_of_row = tuple[int, dict[str, str] | RowError]


class ProductFileError(Exception):
    """The product file cannot be read at all; the message says why."""


@contextmanager
def open_rows(path: Path) -> Iterator[tuple[Iterator[type_of_row], Callable[[], int]]]:
    """Open a product file.

    Args:
        path: a CSV file with a header, UTF-8; gzipped if its first two bytes say so.

    Yields:
        An iterator of (line number, values by column name, or the error of that row), and a function
        that returns how many bytes of the file have been read, for progress.

    Raises:
        ProductFileError: no such file, no header, or a header without what every profile needs.
    """
    try:
        raw: BinaryIO = path.open("rb")
    except OSError as error:
        raise ProductFileError(f"{path}: {error.strerror}.") from error
    with raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        data: BinaryIO = gzip.GzipFile(fileobj=raw) if zipped else raw  # type: ignore[assignment]
        # Bytes that are no UTF-8 become surrogates, so that one bad row does not stop the file.
        lines = io.TextIOWrapper(data, encoding="utf-8-sig", errors="surrogateescape", newline="")
        yield _rows(lines, path), raw.tell


def _rows(lines: TextIO, path: Path) -> Iterator[type_of_row]:
    csv.field_size_limit(FIELD_LIMIT)
    try:
        header = [name.strip() for name in next(csv.reader([lines.readline()]), [])]
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise ProductFileError(f"{path}: {error}.") from error
    if "id" not in header:
        raise ProductFileError(f"{path}: the first line names no column `id`.")
    yield from _one_per_line(lines, header) if header[-1] == NAME_COLUMN else _quoted(lines, header)


def _quoted(lines: TextIO, header: list[str]) -> Iterator[type_of_row]:
    reader = csv.reader(lines)
    while True:
        line = reader.line_num + 2  # the header is line 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, RowError(f"not a CSV row: {error}")
            continue
        except (OSError, EOFError, zlib.error) as error:
            yield line, RowError(f"the file is damaged from here on: {error}")
            return
        if values:
            yield line, _by_name(header, values)


def _one_per_line(lines: TextIO, header: list[str]) -> Iterator[type_of_row]:
    """Rows whose last column is a name that may hold commas without quotes, as in Kaggle's styles.csv."""
    line = 1
    while True:
        line += 1
        try:
            source = lines.readline()
        except (OSError, EOFError, zlib.error) as error:
            yield line, RowError(f"the file is damaged from here on: {error}")
            return
        if not source:
            return
        values = source.rstrip("\r\n").split(",", len(header) - 1)
        if values == [""]:
            continue
        last = values[-1]
        if len(last) > 1 and last[0] == last[-1] == '"':
            values[-1] = last[1:-1].replace('""', '"')
        yield line, _by_name(header, values)


def _by_name(header: list[str], values: list[str]) -> dict[str, str] | RowError:
    if len(values) != len(header):
        return RowError(f"{len(values)} columns instead of {len(header)}")
    return dict(zip(header, values, strict=True))


CHUNK = 500  # rows per look into the shop
REQUIRED = ("id", "name", "category")
OPTIONAL = (
    "subcategory", "article_type", "brand", "gender", "colour", "season", "year", "usage", "price", "currency",
    "description", "style_note", "materials_care", "size_fit", "attributes", "created", "sizes", "images",
)  # fmt: skip
UNREAD = ("large_image", "age_group", "split", "dup_of", "held_out_twin")  # of the data set, not of a product
PARAGRAPHS = ("description", "style_note", "materials_care", "size_fit")
LEVELS = ("subcategory", "article_type")
DETAILS = {"Season": "season", "Year": "year", "Usage": "usage"}
KAGGLE = {
    NAME_COLUMN: "name", "masterCategory": "category", "subCategory": "subcategory",
    "articleType": "article_type", "baseColour": "colour",
}  # fmt: skip

Rows = Iterable[tuple[int, dict[str, str] | RowError]]


class LackingColumnsError(Exception):
    """A product file lacks columns that products which exist have values of; the message names them and the remedy."""


def refuse_lacking(
    path: Path,
    rows: Rows,
    read: Callable[[Mapping[str, str]], CatalogueRow],
    wanted: Callable[[Mapping[str, str]], bool],
) -> None:
    """Read a whole product file before anything of it is stored, and refuse it where products would lose values.

    Args:
        path: of the file, for the message.
        rows: its rows, or the errors in their place.
        read: makes a row of the values; bad rows are passed over, they are reported when they are imported.
        wanted: whether a row is to be imported.

    Raises:
        LackingColumnsError: it lacks columns of products that exist.
    """
    given = (values for _, values in rows if not isinstance(values, RowError))
    lost: dict[str, str] = {}  # column -> SKU of the first product that would lose its value
    losing: set[str] = set()
    header: set[str] = set()
    while chunk := list(islice(given, CHUNK)):
        header = set(chunk[0])
        lacking = set(OPTIONAL) - {KAGGLE.get(name, name) for name in header}
        if not lacking:
            return
        found: dict[str, CatalogueRow] = {}
        for values in chunk:
            try:
                if wanted(values):
                    row = read(values)
                    found.setdefault(row.sku, row)
            except RowError:
                continue
        known = Product.objects.filter(sku__in=found).select_related("brand", "category")
        for product in known.prefetch_related("images"):
            for column in _lost(product, found[product.sku], lacking):
                lost.setdefault(column, product.sku)
                losing.add(product.sku)
    if lost:
        raise LackingColumnsError(_sentence(path, header, lost, len(losing)))


def _lost(product: Product, row: CatalogueRow, lacking: set[str]) -> list[str]:
    """The lacking columns without which a product would lose something that it has."""
    lost = []
    if product.brand_id and "brand" in lacking:
        lost.append("brand")
    lost += [column for column in ("gender", "colour") if getattr(product, column) and column in lacking]
    if product.price is not None and "price" in lacking:
        lost.append("price")
    if product.currency != Product._meta.get_field("currency").get_default() and "currency" in lacking:
        lost.append("currency")
    own = [name.casefold() for name in product.category.names]
    stated = [name.casefold() for name in row.category]
    if len(stated) < len(own) and own[: len(stated)] == stated:
        lost += [column for column in LEVELS if column in lacking]
    lost += _lost_paragraphs(product.description, row.description, lacking)
    for name in product.attributes:
        if name not in row.attributes and (column := DETAILS.get(name, "attributes")) in lacking:
            lost.append(column)
    if "images" in lacking and len(product.images.all()) > 1:
        lost.append("images")
    return lost


def _lost_paragraphs(own: str, stated: str, lacking: set[str]) -> list[str]:
    paragraphs, kept = own.split("\n\n") if own else [], stated.split("\n\n") if stated else []
    several = len(paragraphs) > 1 or "description" in lacking  # one alone is what the cell of its column says
    if several and set(kept) < set(paragraphs):
        return [column for column in PARAGRAPHS if column in lacking]
    headed = {"materials_care": "Materials and care: ", "size_fit": "Size and fit: "}
    return [
        column
        for column, heading in headed.items()
        if column in lacking and any(paragraph.startswith(heading) for paragraph in paragraphs)
    ]


def _sentence(path: Path, header: set[str], lost: Mapping[str, str], products: int) -> str:
    columns = [column for column in OPTIONAL if column in lost]
    first = lost[columns[0]]
    many = "1 product that exists has" if products == 1 else f"{products} products that exist have"
    unknown = sorted(header - {*REQUIRED, *OPTIONAL, *UNREAD, *KAGGLE})
    sentence = (
        f"{path} lacks the column{'s' if len(columns) > 1 else ''} {', '.join(columns)}, of which {many} values (the first:"
        f" SKU {first}): importing it would empty them. Add what is lacking, with the present values, or leave these"
        " products out. Nothing was changed."
    )
    return sentence + (f" Columns that are not known: {', '.join(unknown)}." if unknown else "")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out: where it stands, which product it is if that could be read, and why."""

    line: int
    sku: str
    reason: str


def write_report(path: Path, rows: Sequence[BadRow]) -> None:
    """Write `line,sku,reason` for every bad row; the file appears whole or not at all."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["line", "sku", "reason"])
    writer.writerows([row.line, row.sku, row.reason] for row in rows)
    replace_file(path, lines.getvalue().encode("utf-8", "backslashreplace"))
