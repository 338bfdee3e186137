"""A contact sheet: pictures that were queries, each with its first results, to be looked at.

It shows pictures of other people: a local file, never one of the repository.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from search.encoders.pictures import ImageSpec

THUMBNAIL = ImageSpec(width=96, height=128)
SUFFIXES = (".jpg", ".jpeg", ".png")
_GAP = 6  # pixels between pictures
_LINE = 14  # height of a line of text
_RIGHT, _WRONG, _INK = (20, 140, 60), (200, 40, 40), (20, 20, 20)


@dataclass(frozen=True, slots=True)
class Row:
    """A query and its results, best first: for each its picture, what it is, and whether that is right.

    Pictures are (height, width, 3) uint8 of the size of `THUMBNAIL`.
    """

    title: str
    query: NDArray[np.uint8]
    results: Sequence[tuple[NDArray[np.uint8], str, bool]]


def write_sheet(file: Path, rows: Sequence[Row]) -> None:
    """Write a picture of one line per query: it, and to its right the results, framed green if right, red if not.

    Args:
        file: a JPEG or PNG file, by its name; its folder is created where it is missing.
        rows: at least one query; all with the same number of results.

    Raises:
        ValueError: the file's name ends otherwise.
    """
    check_name(file)
    width, height = THUMBNAIL.width + _GAP, THUMBNAIL.height + _LINE + _GAP
    columns = 1 + max(len(row.results) for row in rows)
    sheet = Image.new("RGB", (columns * width + 2 * _GAP, len(rows) * height + _GAP), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    for line, row in enumerate(rows):
        top = _GAP + line * height
        _place(sheet, draw, row.query, row.title, (_GAP, top), None)
        for number, (picture, caption, right) in enumerate(row.results, start=1):
            _place(sheet, draw, picture, caption, (2 * _GAP + number * width, top), right)
    file.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(file)


def check_name(file: Path) -> None:
    """Refuse a file that is no JPEG or PNG by its name.

    Raises:
        ValueError: it is not.
    """
    if file.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"A contact sheet is a file {', '.join(f'*{suffix}' for suffix in SUFFIXES)}: {file}"
        )


def _place(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    picture: NDArray[np.uint8],
    caption: str,
    place: tuple[int, int],
    right: bool | None,
) -> None:
    left, top = place
    sheet.paste(Image.fromarray(picture), place)
    if right is not None:
        box = (left - 2, top - 2, left + THUMBNAIL.width + 1, top + THUMBNAIL.height + 1)
        draw.rectangle(box, outline=_RIGHT if right else _WRONG, width=2)
    # Pillow's own font has the letters of Latin-1 only.
    words = caption[:16].encode("latin-1", "replace").decode("latin-1")
    draw.text((left, top + THUMBNAIL.height + 2), words, fill=_INK)
