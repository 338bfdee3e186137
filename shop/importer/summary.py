"""What an import did, or would do, in lines to read."""

from __future__ import annotations

from collections.abc import Iterator

from .run import ImportOptions, ImportResult
from .undo import UndoResult

MOST_BAD_ROWS = 20


def summary(result: ImportResult, options: ImportOptions) -> str:
    """Counts of products and rows, what changed, and what the file has that was not used or not as expected."""
    return "\n".join(_lines(result, options))


def undo_summary(result: UndoResult, *, dry_run: bool) -> str:
    """Counts of products that were taken back, and those that were left as they are."""
    restored, deleted = _many(result.restored, "product"), _many(result.deleted, "new product")
    would = "would be " if dry_run else ""
    first = f"{restored} {would}restored, {deleted} {would}deleted"
    if result.as_before:
        first += f"; {result.as_before} were as before already"
    lines = [("Dry run, nothing was changed: " if dry_run else "") + first + "."]
    if result.cut:
        lines.append(
            "The record ends in the middle of a line, as after an import that was broken off; what stands before was used."
        )
    return "\n".join([*lines, *(f"  SKU {sku}: {reason}" for sku, reason in result.refused)])


def _lines(result: ImportResult, options: ImportOptions) -> Iterator[str]:
    counts = f"{result.added} new, {result.changed} changed, {result.unchanged} unchanged"
    parts = [f"{result.imported} products {'would be ' if options.dry_run else ''}imported: {counts}"]
    if result.not_wanted:
        parts.append(f"{result.not_wanted} rows without a large picture passed over")
    if result.without_picture:
        parts.append(f"{result.without_picture} rows without a picture passed over")
    yield ("Dry run, nothing was changed: " if options.dry_run else "") + "; ".join(parts) + "."
    if result.fields:
        fields = ", ".join(f"{name} {number}" for name, number in sorted(result.fields.items()))
        yield f"Changed products by field: {fields}."
    if result.bare:
        yield f"{_many(result.bare, 'new product')} without a picture."
    if result.unread_pictures:
        yield f"{_many(result.unread_pictures, 'row')} with names of pictures, which were not read: --images says where they are."
    if result.decoded:
        yield (
            f"HTML entities such as &amp; were decoded in {_many(len(result.decoded), 'row')}"
            f" (the first: line {result.decoded[0]})."
        )
    if result.garbled:
        yield (
            f"Characters look damaged in {_many(len(result.garbled), 'row')} (the first: line {result.garbled[0]}), as \u00c3\u00bc for"
            " \u00fc: the file was saved in one encoding and opened in another."
        )
    yield from result.warnings
    if result.unused:
        yield "Columns that are not used:"
        yield from (f"  {column}" for column in result.unused)
    if result.undo:
        yield f"Undo record, valid for a day: {result.undo}"
    if options.dry_run and result.bad:
        yield "Bad rows:"
        for row in result.bad[:MOST_BAD_ROWS]:
            yield f"  line {row.line}, SKU {row.sku or 'not read'}: {row.reason}"
        if len(result.bad) > MOST_BAD_ROWS:
            yield f"  and {len(result.bad) - MOST_BAD_ROWS} more."


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
