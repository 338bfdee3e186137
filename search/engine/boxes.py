"""A part of a photo: the box that a shopper states, and up to three that are proposed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..encoders.pictures import ImageSpec
from ..encoders.proposals import candidates
from ..exceptions import InvalidQuery
from .turning import turned_picture

LONGEST_BOX = 200  # characters, most of them blanks; a megabyte is not looked through
SMALLEST = 0.05  # of a side of the photo, that a box must have
PROPOSED = 3  # boxes at most
NO_BOX = "box must be left,top,right,bottom as fractions of the photo's size, such as 0.1,0.2,0.9,0.8."
_SHARE = r"(?:[01]|0?\.\d{1,6}|1\.0{1,6})"
_BOX = re.compile(rf"{_SHARE}(?:,{_SHARE}){{3}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Box:
    """The part of an upright photo that is searched with, as fractions of its width and height from the top left corner.

    Raises:
        InvalidQuery: it does not lie inside, or is smaller than a twentieth of a side.
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def __post_init__(self) -> None:
        inside = 0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1
        if not inside or min(self.right - self.left, self.bottom - self.top) < SMALLEST:
            raise InvalidQuery("invalid_box", NO_BOX)

    @classmethod
    def read(cls, stated: str) -> Self:
        """Read "left,top,right,bottom"; the whole photo where nothing is stated.

        Raises:
            InvalidQuery: it is something else.
        """
        if len(stated) > LONGEST_BOX:
            raise InvalidQuery("invalid_box", NO_BOX)
        bare = "".join(stated.split())
        if not bare:
            return cls()
        if not _BOX.fullmatch(bare):
            raise InvalidQuery("invalid_box", NO_BOX)
        return cls(*map(float, bare.split(",")))

    def __str__(self) -> str:
        """The box as `read` reads it."""
        return ",".join(f"{side:g}" for side in (self.left, self.top, self.right, self.bottom))

    @classmethod
    def of_percent(cls, sides: Sequence[int]) -> Self:
        """Return the box of `percent`."""
        left, top, right, bottom = (side / 100 for side in sides)
        return cls(left, top, right, bottom)

    def percent(self) -> list[int]:
        """Return left, top, right and bottom in hundredths of the photo's sides."""
        return [round(100 * side) for side in (self.left, self.top, self.right, self.bottom)]

    def before(self, turn: int) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom on the photo as it was before it was turned.

        Args:
            turn: by which the photo was turned clockwise, in degrees.
        """
        left, top, right, bottom = self.left, self.top, self.right, self.bottom
        for _ in range(turn // 90):
            left, top, right, bottom = top, 1 - right, bottom, 1 - left
        return left, top, right, bottom

    def cut(self, photo: Image.Image, turn: int = 0) -> Image.Image:
        """Return this part of the photo, turned.

        Args:
            photo: before it is turned.
            turn: clockwise, in degrees.
        """
        width, height = photo.size
        left, top, right, bottom = self.before(turn)
        part = photo.crop(
            (
                round(left * width),
                round(top * height),
                max(round(right * width), round(left * width) + 1),
                max(round(bottom * height), round(top * height) + 1),
            )
        )
        return turned_picture(part, turn)


WHOLE = Box()


def proposed(cells: NDArray[np.float32] | None, photo: Image.Image, spec: ImageSpec) -> tuple[Box, ...]:
    """Return boxes around what may be pieces of their own, those that stand out most first; none without a map.

    Args:
        cells: the photo's, from `Encoders.encode_photo`.
        photo: as it was encoded.
        spec: the encoder's frame.
    """
    if cells is None:
        return ()
    found = [_on_photo(box, photo, spec) for box in candidates(cells, PROPOSED)]
    return tuple(box for box in found if box is not None)


def _on_photo(box: tuple[float, float, float, float], photo: Image.Image, spec: ImageSpec) -> Box | None:
    """The part of the encoder's frame that a box is, as a part of the photo, which is fitted into it; None of its margin alone."""
    scale = min(spec.width / photo.width, spec.height / photo.height)
    wide, high = photo.width * scale / spec.width, photo.height * scale / spec.height
    left, right = ((side - (1 - wide) / 2) / wide for side in (box[0], box[2]))
    top, bottom = ((side - (1 - high) / 2) / high for side in (box[1], box[3]))
    sides = [round(min(max(side, 0.0), 1.0), 2) for side in (left, top, right, bottom)]
    try:
        return Box(*sides)
    except InvalidQuery:
        return None
