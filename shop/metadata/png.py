"""A PNG without what is no picture; layout: https://www.w3.org/TR/png-3/ ."""

import struct
import zlib

from .orientation import orientation

_SIGNATURE = 8  # bytes
_END = b"IEND"
_PICTURE = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"pHYs",
    b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
_TURNS = (b"eXIf", b"iTXt", b"tEXt", b"zTXt")


def bare_png(content: bytes) -> bytes:
    """Return the pixels, colours, transparency and animation of a PNG, and its orientation."""
    kept, turns, at = [], [], _SIGNATURE
    while at < len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        kind = content[at + 4 : at + 8]
        if kind == _END:
            whole = content[at : at + 4] == bytes(4)  # a longer one would be read by nobody
            kept.append(content[at:end] if whole else _chunk(_END, b""))
            break
        if kind in _PICTURE:
            kept.append(content[at:end])
        elif kind in _TURNS:
            turns.append(content[at:end])
        at = end
    if exif := orientation(turns):
        kept.insert(1, _chunk(b"eXIf", exif))
    return content[:_SIGNATURE] + b"".join(kept)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
