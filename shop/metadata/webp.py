"""A WebP file without what is no picture; layout: https://developers.google.com/speed/webp/docs/riff_container ."""

import struct

from .orientation import orientation

_PICTURE = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_TURNS = (b"EXIF", b"XMP ")
_EXIF, _XMP = 0x08, 0x04  # flags: they are there
_FRAME = 24  # bytes of a frame of an animation before its own chunks


def bare_webp(content: bytes) -> bytes:
    """Return the pixels, colour profile, transparency and animation of a WebP file, and its orientation."""
    stated = 8 + int.from_bytes(content[4:8], "little")
    kept, turns = _chunks(content, 12, min(len(content), stated))
    for number, chunk in enumerate(kept):
        if chunk[:4] == b"ANMF":
            inner = b"".join(_chunks(chunk, _FRAME, len(chunk))[0])
            if len(inner) != len(chunk) - _FRAME:
                kept[number] = b"ANMF" + struct.pack("<I", len(inner) + 16) + chunk[8:_FRAME] + inner
    exif = orientation(turns)
    if kept and kept[0][:4] == b"VP8X" and len(kept[0]) > 8:
        flags = kept[0][8] & ~(_EXIF | _XMP) | (_EXIF if exif else 0)
        kept[0] = kept[0][:8] + bytes([flags]) + kept[0][9:]
    if exif:
        kept.append(b"EXIF" + struct.pack("<I", len(exif)) + exif)
    body = b"WEBP" + b"".join(kept)
    # A file that states more bytes than it has goes on doing so: whoever decodes it says so.
    return b"RIFF" + struct.pack("<I", len(body) + max(0, stated - len(content))) + body


def _chunks(content: bytes, at: int, end: int) -> tuple[list[bytes], list[bytes]]:
    """The chunks of the picture, and those that may state its orientation."""
    kept, turns = [], []
    while at < end:
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        chunk = content[at : min(end, at + 8 + size + size % 2)]
        if chunk[:4] in _PICTURE:
            kept.append(chunk)
        elif chunk[:4] in _TURNS:
            turns.append(chunk)
        at += 8 + size + size % 2
    return kept, turns
