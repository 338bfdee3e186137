"""What `python -m training evaluate` can measure, by name, and its figures as a table."""

from collections.abc import Callable, Mapping
from itertools import groupby

from .evaluators import (
    EmbeddingModel,
    Figures,
    Gallery,
    Setting,
    evaluate_attributes,
    evaluate_gallery,
    is_large,
)
from .kagl import kagl_texts, kagl_values
from .lookbench import lookbench
from .pieces import pieces
from .published import with_published
from .shopper_photos import shopper_photos
from .shopper_queries import shopper_queries
from .words import words

Protocol = Callable[[EmbeddingModel, Setting], Figures]


def _own_gallery(gallery: Gallery) -> Protocol:
    """The protocol of a gallery; if large pictures are asked for, of those of its products that have one."""
    large: Gallery = "val-large" if gallery == "val" else "large"

    def measure(model: EmbeddingModel, setting: Setting) -> Figures:
        chosen = large if setting.gallery and is_large(setting.gallery) else gallery
        return evaluate_gallery(model, setting.data, setting.cache, chosen)

    return measure


PROTOCOLS: Mapping[str, Protocol] = {
    "val": _own_gallery("val"),
    "all": _own_gallery("all"),
    "attributes": lambda model, setting: {
        "attribute queries": evaluate_attributes(model, setting.data, setting.cache)
    },
    "kagl-texts": kagl_texts,
    "kagl-values": kagl_values,
    "lookbench": lookbench,
    "pieces": pieces,
    "queries": shopper_queries,
    "shopper-photos": shopper_photos,
    "words": words,
}


def as_table(figures: Figures) -> str:
    """Return sections as rows and metrics as columns, with a new header wherever the metrics change.

    Published figures stand beside ours.
    """
    blocks = []
    for columns, sections in groupby(with_published(figures).items(), key=lambda section: tuple(section[1])):
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
