"""The segments and scans of a JPEG; layout: ITU-T T.81 annex B."""

import re
from typing import BinaryIO

from .limits import MOST_PARTS, Scans, refuse_more

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
