"""What `python -m training evaluate` can measure, by name, and its figures as a table."""

from collections.abc import Callable, Mapping
from itertools import groupby

from .evaluators import EmbeddingModel, Figures, Setting, evaluate_all, evaluate_attributes, evaluate_val
from .kagl import kagl_texts, kagl_values
from .shopper_photos import shopper_photos

Protocol = Callable[[EmbeddingModel, Setting], Figures]

PROTOCOLS: Mapping[str, Protocol] = {
    "val": lambda model, setting: evaluate_val(model, setting.data, setting.cache),
    "all": lambda model, setting: evaluate_all(model, setting.data, setting.cache),
    "attributes": lambda model, setting: {
        "attribute queries": evaluate_attributes(model, setting.data, setting.cache)
    },
    "kagl-texts": kagl_texts,
    "kagl-values": kagl_values,
    "shopper-photos": shopper_photos,
}


def as_table(figures: Figures) -> str:
    """Return sections as rows and metrics as columns, with a new header wherever the metrics change."""
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
