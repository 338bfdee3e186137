"""Stream the rows of a CSV file, plain or gzipped, with the line on which each begins."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from .kaggle import NAME_COLUMN
from .rows import RowError

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
        that tells how many bytes of the file have been read, for progress.

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
