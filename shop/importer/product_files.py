"""Product files: encoding, separator and header found out, their rows one by one, and the report of rows that were left out."""

from __future__ import annotations

import codecs
import csv
import difflib
import gzip
import io
import re
import unicodedata
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, TextIO

from shop.files import replace_file

from .cells import RowError
from .profiles import NAME_COLUMN

FIELD_LIMIT = 1_000_000
LONGEST_LINE = 1 << 20  # of a file with other line ends, read in pieces
LONGEST_HEADER = 50  # lines, where names of columns have line ends
SEPARATORS = ",;\t|"
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
DAMAGED = (OSError, EOFError, zlib.error, UnicodeDecodeError)
_SEP_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_SEQUENCES = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

Row = tuple[int, dict[str, str] | RowError]


class ProductFileError(Exception):
    """The product file cannot be read at all; the message says why."""


@dataclass(frozen=True, slots=True)
class Table:
    """An open product file.

    `rows` are (line number, values by column, or the error of that row), with columns as the profile writes them; `unused` are
    columns that the profile does not know, with a proposal where one is near; `warnings` are sentences about the file;
    `bytes_read` returns how much of the file has been read, for progress.
    """

    rows: Iterator[Row]
    unused: Sequence[str]
    warnings: Sequence[str]
    bytes_read: Callable[[], int]


@contextmanager
def open_rows(path: Path, columns: Sequence[str]) -> Iterator[Table]:
    """Open a product file.

    Args:
        path: a CSV file with a header; commas, semicolons, tabs or pipes; UTF-8, UTF-16 with a byte order mark, or else Windows-1252;
            gzipped if its first two bytes say so.
        columns: those that are known, to whose spelling upper and lower case of the header are adapted.

    Yields:
        The table.

    Raises:
        ProductFileError: no such file, no table, no header, one without `id`, or with two columns of one name.
    """
    csv.field_size_limit(FIELD_LIMIT)
    try:
        raw: BinaryIO = path.open("rb")
    except OSError as error:
        raise ProductFileError(f"{path}: {error.strerror}.") from error
    with raw:
        begin = raw.read(4)
        if begin in SPREADSHEETS:
            raise ProductFileError(f"{path} is a spreadsheet or an archive; save the table as CSV in UTF-8.")
        encoding, warnings = encoding_of(unzipped(raw))
        # Bytes that are no text become surrogates, so that one bad row does not stop the file.
        errors = "strict" if encoding == "utf-16" else "surrogateescape"
        lines = io.TextIOWrapper(unzipped(raw), encoding=encoding, errors=errors, newline="")
        try:
            number, separator, spaced, header = _header(lines)
        except (*DAMAGED, csv.Error) as error:
            raise ProductFileError(f"{path}: {error}.") from error
        if "id" not in map(folded, header):
            raise ProductFileError(_no_id(path, header))
        known = {column.casefold(): column for column in columns}
        names = [known.get(folded(name), name) for name in header]
        as_compared = [folded(name) for name in names]
        if doubled := [name for name in names if name and as_compared.count(folded(name)) > 1]:
            raise ProductFileError(f"{path} has the column {doubled[-1]} twice; take one of them out.")
        one_per_line = names[-1] == NAME_COLUMN and separator == ","
        read = _one_per_line if one_per_line else partial(_quoted, spaced=spaced)
        unused = tuple(
            unused_column(place, name, known) for place, name in enumerate(names, 1) if name not in columns
        )
        yield Table(read(lines, number, separator, names), unused, warnings, raw.tell)


def unzipped(raw: BinaryIO) -> BinaryIO:
    """The file from its beginning, without its compression if its first two bytes say that it has one."""
    raw.seek(0)
    zipped = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return gzip.GzipFile(fileobj=raw) if zipped else raw  # type: ignore[return-value]


def encoding_of(data: BinaryIO) -> tuple[str, tuple[str, ...]]:
    """Find out the encoding, and the warnings that go with it.

    A file is Windows-1252 if it is not UTF-8 and has hardly anything that could be: one bad byte in a UTF-8 file is an error of its row.
    """
    valid, bad = 0, 0
    try:
        begin = data.read(2)
        if begin in UTF16:
            return "utf-16", ()
        while line := begin + data.readline(LONGEST_LINE):
            begin = b""
            if not line.isascii():
                found = _SEQUENCES.findall(line)
                valid += len(found)
                bad += sum(byte >= 128 for byte in line) - sum(map(len, found))
    except DAMAGED:
        pass  # whoever reads the rows comes to the same place, and says so
    if bad <= valid:
        return "utf-8-sig", ()
    return "cp1252", (
        "The file is not UTF-8 and was read as Windows-1252; if accents or signs look wrong in the shop, save it as UTF-8.",
    )


def _header(lines: TextIO) -> tuple[int, str, bool, list[str]]:
    """Number of the header's last line, the separator, whether a space follows it, and the names without those that are empty at the end."""
    number, line, separators = 1, lines.readline(), SEPARATORS
    if stated := _SEP_LINE.fullmatch(line):
        separators = stated[1]
        number, line = 2, lines.readline()
    while line and not line.strip(f'{SEPARATORS}"\r\n '):
        number, line = number + 1, lines.readline()
    last = number
    while line.count('"') % 2 and last - number < LONGEST_HEADER and (more := lines.readline()):
        line, last = line + more, last + 1
    found = {separator: _names(line, separator) for separator in separators}
    # The separator that gives the column id, and of these the one that gives most columns.
    best = max(found, key=lambda separator: ("id" in map(folded, found[separator]), len(found[separator])))
    spaced = all(name.startswith(" ") for name in _cells(line, best)[1:])
    return last, best, spaced, found[best]


def _cells(line: str, separator: str, *, spaced: bool = False) -> list[str]:
    lines = line.lstrip("\ufeff").splitlines(keepends=True)
    return next(csv.reader(lines, delimiter=separator, skipinitialspace=spaced), [])


def _names(line: str, separator: str) -> list[str]:
    return _without_end([_shown(name) for name in _cells(line, separator, spaced=True)])


def _shown(name: str) -> str:
    """The name as it is seen: without characters of no width, such as further byte order marks."""
    return " ".join("".join(c for c in name if unicodedata.category(c) != "Cf").split())


def _without_end(values: list[str]) -> list[str]:
    while values and not values[-1].strip():
        values.pop()
    return values


def folded(name: str) -> str:
    """How names of columns are compared: `Article Type` is article_type, and `g:color`, as feeds write it, is color."""
    return name.casefold().removeprefix("g:").replace(" ", "_")


def _no_id(path: Path, header: Sequence[str]) -> str:
    if any("\x00" in name for name in header):
        return f"{path} holds zero bytes, as UTF-16 without a byte order mark does; save it as UTF-8."
    if len(header) == 1 and any("id" in map(folded, header[0].split(separator)) for separator in SEPARATORS):
        return f"{path}: each line stands in quotes as a whole, as after a table was saved twice; export it again."
    named = f" It names: {', '.join(header)[:200]}." if header else ""
    return f"{path}: the first line names no column `id`, between commas, semicolons, tabs, pipes or what a line `sep=` above it names.{named}"


def unused_column(place: int, name: str, known: dict[str, str]) -> str:
    """How a column that is not used is named in the summary, with the one that may have been meant."""
    if not name:
        return f"column {place}, which has no name"
    near = difflib.get_close_matches(folded(name), known, n=1, cutoff=0.75)
    return f"{name}: did you mean {known[near[0]]}?" if near else name


def _quoted(lines: TextIO, number: int, separator: str, header: list[str], *, spaced: bool) -> Iterator[Row]:
    """Rows whose quoted values may hold line ends; where one is not closed, only its first line is lost."""
    again: deque[str] = deque()  # lines behind one that turned out to be bad
    taken: list[str] = []

    def feed() -> Iterator[str]:
        while line := again.popleft() if again else lines.readline():
            taken.append(line)
            yield line

    reader = csv.reader(feed(), delimiter=separator, strict=True, skipinitialspace=spaced)
    while True:
        taken.clear()
        line, fault = number + 1, ""
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            values, fault = [], _fault(error, taken)
        except DAMAGED as error:
            yield line, RowError(f"the file is damaged from here on: {error}")
            return
        row = RowError(fault) if fault else _by_name(header, values)
        if row and _are_rows(taken[1:], separator, header):
            row = RowError("more than one row")
        if isinstance(row, RowError) and len(taken) > 1:
            again.extendleft(reversed(taken[1:]))
            del taken[1:]
            row = RowError(
                f"a quote opens in this line and is not closed in its row: {taken[0].strip()[:80]}"
            )
        if fault:
            reader = csv.reader(feed(), delimiter=separator, strict=True, skipinitialspace=spaced)
        number += len(taken)
        if row is not None:
            yield line, row


def _are_rows(lines: Sequence[str], separator: str, header: Sequence[str]) -> bool:
    """Whether the lines inside a row all look like rows themselves, which a quote that is not closed has swallowed."""
    found = [line.split(separator) for line in lines]
    return (
        bool(found)
        and len(header) > 3
        and all(
            len(values) == len(header)
            and values[0].strip()
            and not any(value != value.lstrip(" ") for value in values)
            for values in found
        )
    )


def _fault(error: csv.Error, taken: Sequence[str]) -> str:
    if "expected after" in str(error):
        return f"a quote inside a quoted value must be written twice: {taken[0].strip()[:80]}"
    if "unexpected end" in str(error):
        return f"a quote opens in this line and is not closed: {taken[0].strip()[:80]}"
    return f"not a CSV row: {error}"


def _one_per_line(lines: TextIO, number: int, separator: str, header: list[str]) -> Iterator[Row]:
    """Rows whose last column is a name that may hold commas without quotes, as in Kaggle's styles.csv."""
    while True:
        number += 1
        try:
            source = lines.readline()
        except DAMAGED as error:
            yield number, RowError(f"the file is damaged from here on: {error}")
            return
        if not source:
            return
        values = source.rstrip("\r\n").split(separator, len(header) - 1)
        last = values[-1]
        if len(last) > 1 and last[0] == last[-1] == '"':
            values[-1] = last[1:-1].replace('""', '"')
        if (row := _by_name(header, values)) is not None:
            yield number, row


def _by_name(header: list[str], values: list[str]) -> dict[str, str] | RowError | None:
    """Values by column, None for an empty row; columns that are empty at the end may be too many."""
    if len(values) > len(header):
        values = [*values[: len(header)], *_without_end(values[len(header) :])]
    if not any(value.strip() for value in values):
        return None
    if len(values) != len(header):
        sku = dict(zip(header, values, strict=False)).get("id", "").strip()[:64]
        reason = f"{len(values)} columns instead of {len(header)} in the row of SKU {sku or '(none)'}"
        if len(values) < len(header):
            return RowError(f"{reason}; it ends before the column {header[len(values)]}")
        return RowError(f"{reason}; a value that holds the separator needs quotes around it")
    return {name: value for name, value in zip(header, values, strict=True) if name}


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
