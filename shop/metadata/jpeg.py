"""A JPEG without what is no picture; layout: ITU-T T.81 annex B."""

import re
import struct

from .orientation import orientation

# FF 00 and FF D0 to D7 belong to coded pixels; any number of FF may stand before a marker.
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])", re.DOTALL)
_END, _SCAN, _JFIF, _EXIF, _PROFILE, _ADOBE = 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_PICTURE = {*range(0xC0, 0xD0), *range(0xDA, 0xE0)}  # frames, scans, and the tables they are decoded by
_TURNS = (b"Exif\x00\x00", b"http://ns.adobe.com/xap/1.0/\x00")


def bare_jpeg(content: bytes) -> bytes:
    """Return the frames, scans, tables and the colour profile of a JPEG, and its orientation."""
    kept, turns, at, in_scan = [], [], 2, False
    while found := _MARKER.search(content, at):
        if in_scan:  # bytes between other segments are nobody's
            kept.append(content[at : found.start()].rstrip(b"\xff"))
        marker, body = found[1][0], found.end()
        if marker == _END:
            kept.append(b"\xff\xd9")
            break
        at = body + max(2, int.from_bytes(content[body : body + 2], "big"))
        in_scan = marker == _SCAN
        if marker in _PICTURE:
            kept.append(content[body - 2 : at])
        elif stays := _application(marker, content[body + 2 : at]):
            kept.append(b"\xff" + bytes([marker]) + struct.pack(">H", len(stays) + 2) + stays)
        elif marker == _EXIF and content.startswith(_TURNS, body + 2):
            turns.append(content[body:at])
    else:
        kept.append(content[at:] if in_scan else b"")  # cut off: whoever decodes it says so
    exif = orientation(turns)
    header = b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\x00\x00" + exif if exif else b""
    return b"\xff\xd8" + header + b"".join(kept)


def _application(marker: int, body: bytes) -> bytes:
    """What decoders need of a segment that a program wrote: JFIF without its preview, profile, Adobe's colour transform."""
    if marker == _JFIF and body.startswith(b"JFIF\x00"):
        return body if len(body) <= 14 else body[:12] + b"\x00\x00"
    if marker == _ADOBE and body.startswith(b"Adobe"):
        return body[:12]
    return body if marker == _PROFILE and body.startswith(b"ICC_PROFILE\x00") else b""
