"""Tables of the admin as CSV: streamed, and safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

BOM = "\ufeff"  # by which Excel knows that it is UTF-8
# What spreadsheets take for a formula at the beginning of a cell, the wide forms of East Asian keyboards among them.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
AT_ONCE = 500  # rows that are sent together


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def as_csv(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Return rows as a file to download, in UTF-8 with a byte order mark, divided by commas.

    Texts that a spreadsheet would take for a formula get an apostrophe before them; numbers stay as they are.

    Args:
        name: of the file, without its ending, in letters, digits and hyphens.
        header: names of the columns.
        rows: as many texts, numbers, dates or Nones each; read while they are sent.
    """
    return StreamingHttpResponse(
        _lines(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    lines = [BOM + writer.writerow([_cell(value) for value in header])]  # type: ignore[operator]  # what `write` returns
    for row in rows:
        lines.append(writer.writerow([_cell(value) for value in row]))  # type: ignore[arg-type]
        if len(lines) >= AT_ONCE:
            yield "".join(lines)
            lines = []
    yield "".join(lines)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA):
        return f"'{value}"
    return value
