"""Take out of picture files what cameras and programs wrote beside the picture: where, when, by whom, and a preview.

Pixels and colour profiles stay as they are, byte for byte; of EXIF only the orientation stays. Layouts: ITU-T T.81
annex B, https://www.w3.org/TR/png-3/ and https://developers.google.com/speed/webp/docs/riff_container
"""

from __future__ import annotations

import re
import struct
import zlib

from PIL import Image

ORIENTATION = 0x0112
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_DROPPED = (b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME")
_WEBP_DROPPED = (b"EXIF", b"XMP ")
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04  # flags: they are there
_APP, _APP15, _COMMENT, _END = 0xE0, 0xEF, 0xFE, 0xD9
_JPEG_KEPT = (0xE0, 0xE2, 0xEE)  # JFIF, colour profile, Adobe's colour transform
_MORE_PICTURES = b"MPF\x00"  # in the place of a colour profile: where the pictures behind this one are
_NEXT_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)  # in coded pixels
_TIFF = re.compile(rb"(?:II\*\x00|MM\x00\*)", re.DOTALL)
_XMP = re.compile(rb"tiff:Orientation(?:=\"|>)([1-8])")


def without_metadata(content: bytes) -> bytes:
    """Return a picture file without EXIF, XMP, IPTC, comments, and whatever comes after the picture.

    Args:
        content: a JPEG, PNG or WebP file; another file, and one that has nothing to take out, is returned as it is.
    """
    if content.startswith(b"\xff\xd8"):
        return _jpeg(content)
    if content.startswith(_PNG):
        return _png(content)
    return _webp(content) if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else content


def _jpeg(content: bytes) -> bytes:
    kept, dropped, at = [], [], 2
    while found := _NEXT_MARKER.search(content, at):
        kept.append(content[at : found.start()])  # coded pixels, behind the header of a scan
        marker, body = found.group(1)[0], found.end()
        if marker == _END:
            kept.append(b"\xff\xd9")
            break
        at = body + int.from_bytes(content[body : body + 2], "big")
        named = _APP <= marker <= _APP15 and marker not in _JPEG_KEPT
        if named or marker == _COMMENT or content.startswith(_MORE_PICTURES, body + 2):
            dropped.append(content[body:at])
        else:
            kept.append(b"\xff" + content[body - 1 : at])
    else:
        kept.append(content[at:])  # cut off: whoever decodes it says so
    exif = _orientation(dropped)
    header = b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\x00\x00" + exif if exif else b""
    return b"\xff\xd8" + header + b"".join(kept)


def _png(content: bytes) -> bytes:
    kept, dropped, at = [], [], len(_PNG)
    while at < len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        kind = content[at + 4 : at + 8]
        (dropped if kind in _PNG_DROPPED else kept).append(content[at:end])
        at = end
        if kind == b"IEND":
            break
    if exif := _orientation(dropped):
        body = b"eXIf" + exif
        kept.insert(1, struct.pack(">I", len(exif)) + body + struct.pack(">I", zlib.crc32(body)))
    return _PNG + b"".join(kept)


def _webp(content: bytes) -> bytes:
    kept, dropped, at = [], [], 12
    stated = 8 + int.from_bytes(content[4:8], "little")
    while at < min(len(content), stated):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        chunk = content[at : at + 8 + size + size % 2]
        (dropped if chunk[:4] in _WEBP_DROPPED else kept).append(chunk)
        at += len(chunk)
    if not dropped and stated >= len(content):
        return content
    exif = _orientation(dropped)
    if kept and kept[0][:4] == b"VP8X" and len(kept[0]) > 8:
        flags = kept[0][8] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if exif else 0)
        kept[0] = kept[0][:8] + bytes([flags]) + kept[0][9:]
    if exif:
        kept.append(b"EXIF" + struct.pack("<I", len(exif)) + exif)
    body = b"WEBP" + b"".join(kept)
    # A file that states more bytes than it has goes on doing so: whoever decodes it says so.
    return b"RIFF" + struct.pack("<I", len(body) + max(0, stated - len(content))) + body


def _orientation(dropped: list[bytes]) -> bytes:
    """EXIF that states the orientation alone; nothing where the picture stands upright."""
    turned = 1
    for part in dropped:
        if turned == 1 and (begin := _TIFF.search(part[:32])):
            exif = Image.Exif()
            try:
                exif.load(part[begin.start() :])
                turned = exif.get(ORIENTATION, 1)
            except Exception:  # noqa: BLE001 - damaged in any way that Pillow stumbles over: it says nothing
                turned = 1
        if turned == 1 and (stated := _XMP.search(part)):
            turned = int(stated.group(1))
    if not isinstance(turned, int) or not 2 <= turned <= 8:
        return b""
    return b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, ORIENTATION, 3, 1, turned, 0, 0)
