"""Walk through a picture file's parts before a decoder does, which may take minutes over thousands of them."""

import re
from dataclasses import dataclass
from typing import BinaryIO

from ..exceptions import PictureError

# How many parts a picture file may have.


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


# The blocks of a GIF.
#
# Layout: https://www.w3.org/Graphics/GIF/spec-gif89a.txt


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


# The segments and scans of a JPEG; layout: ITU-T T.81 annex B.


MOST_SCANS = (
    100  # a progressive JPEG has about ten; each goes over the whole picture, though it may have no bytes
)
MOST_EXIF = 100  # segments: Pillow puts them together one by one, copying all before
MOST_JUNK = 65_536  # bytes between segments: Pillow goes over them one by one
_BLOCK = 65_536  # bytes
_IN_HEADER = re.compile(rb"\xff([^\x00\xff])", re.DOTALL)
# Among coded pixels, 00 stands for a byte FF, D0 to D7 restart the decoder, and what is below C0 means nothing.
_IN_PIXELS = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])", re.DOTALL)
_ALONE = {*range(0x02), *range(0xD0, 0xDA)}  # without a length and a body
_NO_BODY_FOR_PILLOW = {0xC8, *range(0xF0, 0xFE)}  # which goes on behind the marker
_SCAN, _END, _EXIF = 0xDA, 0xD9, 0xE1


def walk_jpeg(file: BinaryIO) -> Scans:
    """Count the scans of a JPEG; a file that breaks off has those that were found until then.

    Raises:
        PictureError: more than 2,000 segments, 100 scans, 100 EXIF segments, or 64 kB between segments.
    """
    file.seek(2)
    parts = exif = junk = times = colours = 0
    while True:
        begun = file.tell()
        marker = _next(file, _IN_PIXELS if times else _IN_HEADER)
        if marker is None or (times and marker == _END):
            return Scans(times, colours)
        parts += 1
        refuse_more(parts, MOST_PARTS, "segments")
        if not times:
            junk += file.tell() - 2 - begun
            refuse_more(junk, MOST_JUNK, "bytes between its segments")
        if marker in _ALONE or (not times and marker in _NO_BODY_FOR_PILLOW):
            continue
        at = file.tell()
        begin = file.read(8)
        if marker == _SCAN:
            times += 1
            refuse_more(times, MOST_SCANS, "scans")
            colours += min(begin[2], 4) if len(begin) > 2 else 0
        elif marker == _EXIF and begin[2:6] == b"Exif":
            exif += 1
            refuse_more(exif, MOST_EXIF, "EXIF segments")
        file.seek(at + max(2, int.from_bytes(begin[:2], "big")))


def _next(file: BinaryIO, pattern: re.Pattern[bytes]) -> int | None:
    """The next marker, the file being left behind it; None where there is no other."""
    while True:
        at = file.tell()
        block = file.read(_BLOCK)
        if found := pattern.search(block):
            file.seek(at + found.end())
            return found[1][0]
        if len(block) < _BLOCK:
            return None
        if block.endswith(b"\xff"):  # the other half of a marker may stand in the next block
            file.seek(-1, 1)


# The chunks of a PNG.
#
# Layout: https://www.w3.org/TR/png-3/


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


# The chunks of a WebP file.
#
# Layout: https://developers.google.com/speed/webp/docs/riff_container


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


__all__ = ["Scans", "walk_parts"]
_WALKS = {b"\xff\xd8": walk_jpeg, b"\x89P": walk_png, b"GI": walk_gif, b"RI": walk_webp}


def walk_parts(file: BinaryIO) -> Scans:
    """Refuse a file of too many parts, and count the scans of a JPEG; nothing is decoded.

    Pillow reads segments, chunks and blocks one by one in Python, and some of them in time that grows with the
    square of their number: 700,000 empty EXIF segments, 8 MB, took 8 s.

    Args:
        file: a seekable binary file at its beginning; it is left anywhere.

    Returns:
        The scans of a JPEG; none for other files, and for what is no picture.

    Raises:
        PictureError: it has too many parts.
    """
    walk = _WALKS.get(file.read(2))
    file.seek(0)
    return walk(file) if walk else Scans()
