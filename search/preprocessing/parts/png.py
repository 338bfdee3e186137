"""The chunks of a PNG.

Layout: https://www.w3.org/TR/png-3/
"""

from typing import BinaryIO

from .limits import MOST_PARTS, WHOLE_PART, Scans, refuse_more

MOST_TEXTS = 16  # that may be compressed: Pillow keeps up to a megabyte of each while the picture is decoded
_PIXELS = (b"IDAT", b"fdAT")
_TEXTS = (b"zTXt", b"iTXt")


def walk_png(file: BinaryIO) -> Scans:
    """Count the chunks of a PNG; many programs write pixels in chunks of 8 kB, which are not counted.

    Raises:
        PictureError: more than 2,000, or 16 compressed texts.
    """
    parts, texts, at = 0, 0, 8
    while True:
        file.seek(at)
        header = file.read(8)
        if len(header) < 8 or header[4:] == b"IEND":
            return Scans()
        length = int.from_bytes(header[:4], "big")
        parts += header[4:] not in _PIXELS or length < WHOLE_PART
        refuse_more(parts, MOST_PARTS, "chunks")
        texts += header[4:] in _TEXTS
        refuse_more(texts, MOST_TEXTS, "compressed texts")
        at += 12 + length
