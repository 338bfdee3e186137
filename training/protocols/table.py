"""Figures as a table that is read in a terminal."""

from itertools import groupby

from .setting import Figures


def as_table(figures: Figures) -> str:
    """Return sections as rows and metrics as columns; a new head wherever the metrics change."""
    blocks = []
    for columns, sections in groupby(figures.items(), key=lambda section: tuple(section[1])):
        head = ["", *columns]
        body = [[name, *(_number(value) for value in values.values())] for name, values in sections]
        blocks.append(_block([head, *body]))
    return "\n\n".join(blocks)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _block(rows: list[list[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for name, *cells in rows:
        right = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append(f"{name.ljust(widths[0])}  {right}")
    return "\n".join(lines)
