"""How many parts a picture file may have."""

from dataclasses import dataclass

from ...exceptions import PictureError

MOST_PARTS = 2_000  # segments or chunks; pictures of cameras and programs have up to about 300
WHOLE_PART = (
    1_000  # bytes; chunks of pixels that hold as many are as many as the file is long, and not counted
)


@dataclass(frozen=True, slots=True)
class Scans:
    """How often a JPEG goes over its picture, and over how many of its colours in all."""

    times: int = 0
    colours: int = 0


def refuse_more(count: int, most: int, what: str) -> None:
    """Refuse a picture with more of these than the most.

    Raises:
        PictureError: it has more.
    """
    if count > most:
        raise PictureError(f"The picture has more than {most:,} {what}, as no camera or program writes it.")
