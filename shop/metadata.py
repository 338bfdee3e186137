"""Take out of picture files what cameras and programs wrote beside the picture: where, when, by whom, and a preview.

Only what is known to belong to the picture stays, byte for byte: pixels, colours, colour profile, transparency, animation;
and of EXIF and XMP the orientation. HEIC and AVIF become a JPEG.
"""

import re
import struct
import zlib
from io import BytesIO
from pathlib import PurePosixPath

from PIL import Image

from search.encoders.heif_parts import HEIF_BEGIN, heif_format
from search.encoders.picture_parts import GifBlock, Part, gif_blocks, jpeg_segments, png_chunks, webp_chunks
from search.encoders.pictures import open_picture

ORIENTATION = 0x0112
_QUALITY = 92  # of a JPEG in place of HEIC or AVIF
_TIFF = re.compile(rb"(?:II\*\x00|MM\x00\*)", re.DOTALL)
_XMP = re.compile(rb"tiff:Orientation(?:=\"|>)([1-8])")

# Segments of a JPEG: frames and scans, and the tables they are decoded by.
_FRAMES = {bytes([marker]) for marker in (*range(0xC0, 0xD0), *range(0xDA, 0xE0))}
_END, _SCAN, _JFIF, _EXIF, _PROFILE, _ADOBE = b"\xd9", b"\xda", b"\xe0", b"\xe1", b"\xe2", b"\xee"
_TURNING_SEGMENTS = (b"Exif\x00\x00", b"http://ns.adobe.com/xap/1.0/\x00")

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_PICTURE = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"pHYs",
    b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
_PNG_TURNING = (b"eXIf", b"iTXt", b"tEXt", b"zTXt")

_WEBP_PICTURE = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_WEBP_TURNING = (b"EXIF", b"XMP ")
_HAS_EXIF, _HAS_XMP = 0x08, 0x04  # flags
_FRAME = 24  # bytes of a frame of an animation before its own chunks

# Extensions of a GIF: how long a frame is shown and what of it is transparent; what a program wrote.
_SHOWN, _PROGRAM = b"\xf9", b"\xff"
_LOOPS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")
_LONGEST_LOOP = 26  # bytes


def stored_form(content: bytes, name: str) -> tuple[bytes, str]:
    """Return what a shop stores of a picture, and its file name.

    HEIC and AVIF are decoded and written as a JPEG: few browsers show HEIC, and both may hold previews and texts anywhere among
    their data. It is upright, in sRGB, on white where the picture is transparent, and of an animation the first frame.

    Args:
        content: a picture file; of other formats than these two, it is kept without metadata.
        name: with the ending of its format.

    Raises:
        PictureError: a HEIC or AVIF picture cannot be decoded.
    """
    if heif_format(content[:HEIF_BEGIN]) is None:
        return without_metadata(content), name
    written = BytesIO()
    open_picture(BytesIO(content)).save(written, "JPEG", quality=_QUALITY, subsampling=0)
    return written.getvalue(), str(PurePosixPath(name).with_suffix(".jpg"))


def without_metadata(content: bytes) -> bytes:
    """Return a picture file without EXIF, XMP, IPTC, comments, unknown parts, and whatever comes after the picture.

    Args:
        content: a JPEG, PNG, WebP or GIF file; another file, and one that has nothing to take out, is returned as it is.
    """
    if content.startswith(b"\xff\xd8"):
        return _bare_jpeg(content)
    if content.startswith(_PNG_SIGNATURE):
        return _bare_png(content)
    if content.startswith((b"GIF87a", b"GIF89a")):
        return _bare_gif(content)
    return _bare_webp(content) if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else content


def _bare_jpeg(content: bytes) -> bytes:
    """Return the frames, scans, tables and the colour profile of a JPEG, and its orientation."""
    kept: list[bytes] = []
    turns: list[bytes] = []
    behind, in_scan = 2, False
    for part in jpeg_segments(BytesIO(content)):
        if in_scan:  # bytes between other segments belong to nothing
            kept.append(content[behind : part.start].rstrip(b"\xff"))
        if part.kind == _END:
            kept.append(b"\xff\xd9")
            break
        behind, in_scan = part.end, part.kind == _SCAN
        body = content[part.start + 4 : part.end]
        if part.kind in _FRAMES:
            kept.append(content[part.start : part.end])
        elif stays := _of_program(part.kind, body):
            kept.append(_segment(part.kind, stays))
        elif part.kind == _EXIF and body.startswith(_TURNING_SEGMENTS):
            turns.append(body)
    else:
        kept.append(content[behind:] if in_scan else b"")  # cut off: the decoder says so
    exif = _orientation(turns)
    header = _segment(_EXIF, b"Exif\x00\x00" + exif) if exif else b""
    return b"\xff\xd8" + header + b"".join(kept)


def _of_program(marker: bytes, body: bytes) -> bytes:
    """What decoders need of a segment that a program wrote: JFIF without its preview, profile, Adobe's colour transform."""
    if marker == _JFIF and body.startswith(b"JFIF\x00"):
        return body if len(body) <= 14 else body[:12] + b"\x00\x00"
    if marker == _ADOBE and body.startswith(b"Adobe"):
        return body[:12]
    return body if marker == _PROFILE and body.startswith(b"ICC_PROFILE\x00") else b""


def _segment(marker: bytes, body: bytes) -> bytes:
    return b"\xff" + marker + struct.pack(">H", len(body) + 2) + body


def _bare_png(content: bytes) -> bytes:
    """Return the pixels, colours, transparency and animation of a PNG, and its orientation."""
    kept: list[bytes] = []
    turns: list[bytes] = []
    for part in png_chunks(BytesIO(content)):
        chunk = content[part.start : part.end]
        if part.kind == b"IEND":
            kept.append(
                chunk if part.end - part.start == 12 else _chunk(b"IEND", b"")
            )  # a longer one hides something
            break
        if part.kind in _PNG_PICTURE:
            kept.append(chunk)
        elif part.kind in _PNG_TURNING:
            turns.append(chunk)
    if exif := _orientation(turns):
        kept.insert(1, _chunk(b"eXIf", exif))
    return _PNG_SIGNATURE + b"".join(kept)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _bare_webp(content: bytes) -> bytes:
    """Return the pixels, colour profile, transparency and animation of a WebP file, and its orientation."""
    stated = 8 + int.from_bytes(content[4:8], "little")
    kept, turns = _webp_picture(content[:stated], 12)
    for number, chunk in enumerate(kept):
        if chunk[:4] == b"ANMF":
            inner = b"".join(_webp_picture(chunk, _FRAME)[0])
            if len(inner) != len(chunk) - _FRAME:
                kept[number] = b"ANMF" + struct.pack("<I", len(inner) + 16) + chunk[8:_FRAME] + inner
    exif = _orientation(turns)
    if kept and kept[0][:4] == b"VP8X" and len(kept[0]) > 8:
        flags = kept[0][8] & ~(_HAS_EXIF | _HAS_XMP) | (_HAS_EXIF if exif else 0)
        kept[0] = kept[0][:8] + bytes([flags]) + kept[0][9:]
    if exif:
        kept.append(b"EXIF" + struct.pack("<I", len(exif)) + exif)
    body = b"WEBP" + b"".join(kept)
    # A file that states more bytes than it has goes on doing so: the decoder says so.
    return b"RIFF" + struct.pack("<I", len(body) + max(0, stated - len(content))) + body


def _webp_picture(content: bytes, at: int) -> tuple[list[bytes], list[bytes]]:
    """The chunks of the picture, and those that may state its orientation."""
    chunks = [(part.kind, content[part.start : part.end]) for part in webp_chunks(BytesIO(content), at)]
    return (
        [chunk for kind, chunk in chunks if kind in _WEBP_PICTURE],
        [chunk for kind, chunk in chunks if kind in _WEBP_TURNING],
    )


def _bare_gif(content: bytes) -> bytes:
    """Return the frames of a GIF, their colours, transparency and times, and how often they are shown."""
    blocks: list[Part] = []  # with their data
    for part in gif_blocks(BytesIO(content)):
        if part.kind != GifBlock.DATA:
            blocks.append(part)
        else:
            blocks[-1] = blocks[-1]._replace(end=part.end)
        if part.kind == GifBlock.TRAILER:
            break
    bare = b"".join(
        _extension(content[block.start : block.end])
        if block.kind == GifBlock.EXTENSION
        else content[block.start : block.end]
        for block in blocks
        if block.kind != GifBlock.STRAY
    )
    return bare or content


def _extension(block: bytes) -> bytes:
    """What decoders need of an extension: of comments, texts and other programs' data nothing."""
    label = block[1:2]
    if label == _SHOWN and block[2:3] == b"\x04":
        return block[:7] + b"\x00"
    loops = label == _PROGRAM and block.startswith(_LOOPS, 2) and len(block) <= _LONGEST_LOOP
    return block if loops else b""


def _orientation(dropped: list[bytes]) -> bytes:
    """EXIF that states the orientation alone; nothing where the picture stands upright.

    Args:
        dropped: segments or chunks of EXIF and XMP.
    """
    # What EXIF states counts, upright too, whatever XMP has kept of former days.
    stated = [turned for turned in (*map(_by_exif, dropped), *map(_by_xmp, dropped)) if turned is not None]
    turned = stated[0] if stated else 1
    if not isinstance(turned, int) or not 2 <= turned <= 8:
        return b""
    return b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, ORIENTATION, 3, 1, turned, 0, 0)


def _by_exif(part: bytes) -> object:
    begin = _TIFF.search(part[:32])
    if begin is None:
        return None
    exif = Image.Exif()
    try:
        exif.load(part[begin.start() :])
        return exif.get(ORIENTATION)
    except Exception:  # noqa: BLE001 - damaged in any way that Pillow stumbles over: it says nothing
        return None


def _by_xmp(part: bytes) -> int | None:
    found = _XMP.search(part)
    return int(found.group(1)) if found else None
