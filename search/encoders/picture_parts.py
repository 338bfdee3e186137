"""The parts of a picture file: segments of a JPEG, chunks of a PNG or WebP, blocks of a GIF; boxes of HEIC and AVIF stand in `heif_parts`. Nothing is decoded.

`walk_parts` refuses files of too many parts before a decoder reads them, which may take minutes over thousands of them. The
functions below it find the parts one by one, for callers that want to keep only some of them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO, NamedTuple

from ..exceptions import PictureError
from .heif_parts import HEIF_BEGIN, heif_format, walk_heif

MOST_PARTS = 2_000  # segments or chunks; pictures of cameras and programs have up to about 300
WHOLE_PART = 1_000  # bytes; chunks of pixels of this size and more are not counted: they are as many as the file is long
MOST_SCANS = (
    100  # a progressive JPEG has about ten; each goes over the whole picture, though it may have no bytes
)
MOST_EXIF = 100  # segments: Pillow puts them together one by one, copying all before
MOST_JUNK = 65_536  # bytes between segments: Pillow goes over them one by one
MOST_TEXTS = (
    16  # of a PNG, that may be compressed: Pillow keeps up to a megabyte of each while it decodes the picture
)
MOST_BEFORE = (
    4_000  # blocks before the first picture of a GIF: Pillow puts those of comments together one by one
)
MOST_BLOCKS = 200_000  # in all; a block holds up to 255 bytes, and 40 MB are 157,000 of them

_SCAN, _END, _EXIF = b"\xda", b"\xd9", b"\xe1"  # markers of a JPEG
_IN_HEADER = re.compile(rb"\xff([^\x00\xff])", re.DOTALL)
# Among coded pixels, 00 stands for a byte FF, D0 to D7 restart the decoder, and what is below C0 means nothing.
_IN_PIXELS = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])", re.DOTALL)
_ALONE = frozenset(bytes([marker]) for marker in (0x01, *range(0xD0, 0xDA)))  # without a length and a body
_ALONE_FOR_PILLOW = frozenset(bytes([marker]) for marker in (0xC8, *range(0xF0, 0xFE)))
_PIXELS = (b"IDAT", b"fdAT")  # chunks of a PNG
_TEXTS = (b"zTXt", b"iTXt")
_BLOCK = re.compile(rb"([!,;])")
_GIF_HEADER, _DESCRIPTOR = 13, 10  # bytes
_DATA_AT_ONCE = 1_000  # blocks
_READ = 65_536  # bytes


@dataclass(frozen=True, slots=True)
class Scans:
    """How often a JPEG goes over its picture, over how many of its colours in all, and how far it is whole."""

    times: int = 0
    colours: int = 0
    cut_at: int | None = (
        None  # where the last part that can be used ends, in bytes; None for a file that has its end
    )


class GifBlock(bytes, Enum):
    """The parts of a GIF; pictures, extensions and the trailer begin with these bytes."""

    HEADER = b"GIF"  # with the table of colours
    PICTURE = b","
    EXTENSION = b"!"
    DATA = b"data"  # of a picture or an extension
    STRAY = b"stray"  # bytes between blocks
    TRAILER = b";"


class Part(NamedTuple):
    """A part of a picture file."""

    kind: bytes  # marker of a segment, name of a chunk, a GifBlock
    start: int  # in bytes from the beginning of the file
    end: int  # of a file that was cut, this may lie behind its end
    begin: bytes = b""  # of a segment, up to 8 bytes behind its marker
    blocks: int = 1  # that a part of a GIF stands for


def walk_parts(file: BinaryIO) -> Scans:
    """Refuse a file of too many parts, and count the scans of a JPEG.

    Pillow reads segments, chunks and blocks one by one in Python, and some of them in time that grows with the
    square of their number: 700,000 empty EXIF segments, 8 MB, took 8 s.

    Args:
        file: a seekable binary file at its beginning; it is left anywhere.

    Returns:
        The scans of a JPEG; none for other files, and for what is not a picture.

    Raises:
        PictureError: it has too many parts.
    """
    begin = file.read(HEIF_BEGIN)
    file.seek(0)
    if heif_format(begin):
        walk_heif(file)
        return Scans()
    walk = _WALKS.get(begin[:2])
    return walk(file) if walk else Scans()


def jpeg_segments(file: BinaryIO, *, as_pillow: bool = False) -> Iterator[Part]:
    """Find the segments of a JPEG; layout: ITU-T T.81 annex B.

    Args:
        file: a seekable binary file.
        as_pillow: whether to go on right behind the markers that Pillow takes to be without a body.
    """
    at, pattern = 2, _IN_HEADER
    while found := _find(file, pattern, at):
        kind, at = found
        start = at - 2
        begin = file.read(8)
        if kind not in _ALONE and not (as_pillow and pattern is _IN_HEADER and kind in _ALONE_FOR_PILLOW):
            at += max(2, int.from_bytes(begin[:2], "big"))
        if kind == _SCAN:
            pattern = _IN_PIXELS
        yield Part(kind, start, at, begin)


def png_chunks(file: BinaryIO) -> Iterator[Part]:
    """Find the chunks of a PNG, and what looks like one behind its end; layout: https://www.w3.org/TR/png-3/ .

    Args:
        file: a seekable binary file.
    """
    end = 8
    while header := _read(file, end, 8):
        start, end = end, end + 12 + int.from_bytes(header[:4], "big")
        yield Part(header[4:], start, end)


def webp_chunks(file: BinaryIO, at: int = 12) -> Iterator[Part]:
    """Find the chunks of a WebP file; layout: https://developers.google.com/speed/webp/docs/riff_container .

    Args:
        file: a seekable binary file.
        at: where the first chunk begins; in a frame of an animation, its own chunks begin at 24.
    """
    end = at
    while header := _read(file, end, 8):
        size = int.from_bytes(header[4:], "little")
        start, end = end, end + 8 + size + size % 2
        yield Part(header[:4], start, end)


def gif_blocks(file: BinaryIO) -> Iterator[Part]:
    """Find the blocks of a GIF; layout: https://www.w3.org/Graphics/GIF/spec-gif89a.txt .

    Args:
        file: a seekable binary file.

    Yields:
        The header; each picture and extension up to where its data begin; its data, many blocks at once; bytes between
        blocks, which count as one block each; the trailer, and what looks like blocks behind it.
    """
    header = _read(file, 0, _GIF_HEADER)
    if not header:
        return
    at = _GIF_HEADER + _colours(header[10])
    yield Part(GifBlock.HEADER, 0, at)
    while found := _find(file, _BLOCK, at):
        kind, behind = found
        start = behind - 1
        if start > at:
            yield Part(GifBlock.STRAY, at, start, blocks=start - at)
        at = behind
        if kind == GifBlock.EXTENSION:
            at += 1
        elif kind == GifBlock.PICTURE:
            descriptor = file.read(_DESCRIPTOR - 1)
            at += _DESCRIPTOR + (_colours(descriptor[-1]) if len(descriptor) == _DESCRIPTOR - 1 else 0)
        yield Part(kind, start, at)
        if kind != GifBlock.TRAILER:
            for part in _data_blocks(file, at):
                at = part.end
                yield part
    size = file.seek(0, 2)
    if size > at:
        yield Part(GifBlock.STRAY, at, size, blocks=size - at)


def _data_blocks(file: BinaryIO, at: int) -> Iterator[Part]:
    file.seek(at)
    start, count = at, 0
    while True:
        count += 1
        length = (file.read(1) or b"\x00")[0]
        at += 1 + length
        if length == 0:
            break
        file.seek(at)
        if count == _DATA_AT_ONCE:
            yield Part(GifBlock.DATA, start, at, blocks=count)
            start, count = at, 0
    yield Part(GifBlock.DATA, start, at, blocks=count)


def _colours(flags: int) -> int:
    """How many bytes the table of colours has that these flags of a GIF announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    """Read bytes that stand there; none where the file ends before."""
    file.seek(at)
    found = file.read(size)
    return found if len(found) == size else b""


def _find(file: BinaryIO, pattern: re.Pattern[bytes], at: int) -> tuple[bytes, int] | None:
    """Find what a pattern's group matches from a place on, and where that ends, the file being left there; None without any."""
    size = 64  # the next part mostly follows at once
    while True:
        file.seek(at)
        block = file.read(size)
        if found := pattern.search(block):
            end = at + found.end()
            file.seek(end)
            return found[1], end
        if len(block) < size:
            return None
        at += len(block) - block.endswith(b"\xff")  # the other half of a marker may stand in the next block
        size = _READ


def _refuse_more(count: int, most: int, what: str) -> None:
    if count > most:
        raise PictureError(f"The picture has more than {most:,} {what}, as no camera or program writes it.")


def _walk_jpeg(file: BinaryIO) -> Scans:
    """Count the scans of a JPEG; a file that breaks off has those that were found until then."""
    exif = junk = times = colours = 0
    behind = begun = 2
    for number, part in enumerate(jpeg_segments(file, as_pillow=True), start=1):
        if times and part.kind == _END:
            return Scans(times, colours)
        _refuse_more(number, MOST_PARTS, "segments")
        if not times:
            junk += part.start - behind
            _refuse_more(junk, MOST_JUNK, "bytes between its segments")
        begun, behind = part.start, part.end
        if part.kind == _SCAN:
            times += 1
            _refuse_more(times, MOST_SCANS, "scans")
            colours += min(part.begin[2], 4) if len(part.begin) > 2 else 0
        elif part.kind == _EXIF and part.begin[2:6] == b"Exif":
            exif += 1
            _refuse_more(exif, MOST_EXIF, "EXIF segments")
    size = file.seek(0, 2)
    return Scans(times, colours, begun if behind > size else size)


def _walk_png(file: BinaryIO) -> Scans:
    """Count the chunks of a PNG; many programs write pixels in chunks of 8 kB, which are not counted."""
    parts = texts = 0
    for part in png_chunks(file):
        if part.kind == b"IEND":
            break
        parts += part.kind not in _PIXELS or part.end - part.start - 12 < WHOLE_PART
        _refuse_more(parts, MOST_PARTS, "chunks")
        texts += part.kind in _TEXTS
        _refuse_more(texts, MOST_TEXTS, "compressed texts")
    return Scans()


def _walk_webp(file: BinaryIO) -> Scans:
    """Count the chunks of a WebP file; frames of an animation that hold pixels are not counted."""
    parts = 0
    for part in webp_chunks(file):
        parts += part.kind != b"ANMF" or part.end - part.start - 8 < WHOLE_PART
        _refuse_more(parts, MOST_PARTS, "chunks")
    return Scans()


def _walk_gif(file: BinaryIO) -> Scans:
    """Count the blocks of a GIF, and the bytes between them."""
    blocks, most = 0, MOST_BEFORE
    for part in gif_blocks(file):
        if part.kind == GifBlock.TRAILER:
            break
        if part.kind == GifBlock.PICTURE:
            most = MOST_BLOCKS
        elif part.kind in (GifBlock.DATA, GifBlock.STRAY):
            blocks += part.blocks
            _refuse_more(blocks, most, "blocks")
    return Scans()


_WALKS = {b"\xff\xd8": _walk_jpeg, b"\x89P": _walk_png, b"GI": _walk_gif, b"RI": _walk_webp}
