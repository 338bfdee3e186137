"""The chunks of a WebP file.

Layout: https://developers.google.com/speed/webp/docs/riff_container
"""

from typing import BinaryIO

from .limits import MOST_PARTS, WHOLE_PART, Scans, refuse_more


def walk_webp(file: BinaryIO) -> Scans:
    """Count the chunks of a WebP file; frames of an animation that hold pixels are not counted.

    Raises:
        PictureError: more than 2,000.
    """
    parts, at = 0, 12
    while True:
        file.seek(at)
        header = file.read(8)
        if len(header) < 8:
            return Scans()
        length = int.from_bytes(header[4:], "little")
        parts += header[:4] != b"ANMF" or length < WHOLE_PART
        refuse_more(parts, MOST_PARTS, "chunks")
        at += 8 + length + length % 2
