"""The file that lists the rows an import left out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shop.files import replace_file


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
