"""The blocks of a GIF.

Layout: https://www.w3.org/Graphics/GIF/spec-gif89a.txt
"""

from typing import BinaryIO

from .limits import Scans, refuse_more

MOST_BEFORE = 4_000  # blocks before the first picture: Pillow puts those of comments together one by one
MOST_BLOCKS = 200_000  # in all; a block holds up to 255 bytes, and 40 MB are 157,000 of them
_EXTENSION, _PICTURE, _TRAILER = 0x21, 0x2C, 0x3B
_EMPTY = b"\x00"


def walk_gif(file: BinaryIO) -> Scans:
    """Count the blocks of a GIF.

    Raises:
        PictureError: more than 4,000 before the first picture, or 200,000 in all.
    """
    header = file.read(13)
    if len(header) < 13:
        return Scans()
    file.seek(_colours(header[10]), 1)
    blocks, shown = 0, False
    while kind := file.read(1):
        if kind[0] == _TRAILER:
            return Scans()
        if kind[0] == _PICTURE:
            shown = True
            descriptor = file.read(9)
            if len(descriptor) < 9:
                return Scans()
            file.seek(_colours(descriptor[8]) + 1, 1)
        elif kind[0] == _EXTENSION:
            file.seek(1, 1)
        while True:
            blocks += 1
            refuse_more(blocks, MOST_BLOCKS if shown else MOST_BEFORE, "blocks")
            if kind[0] not in (_EXTENSION, _PICTURE):  # a byte between blocks
                break
            length = file.read(1) or _EMPTY
            if length == _EMPTY:
                break
            file.seek(length[0], 1)
    return Scans()


def _colours(flags: int) -> int:
    """Bytes of the table of colours that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
