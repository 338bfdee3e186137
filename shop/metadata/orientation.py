"""How a picture is turned, read from what is taken out, and written alone."""

import re
import struct

from PIL import Image

ORIENTATION = 0x0112
_TIFF = re.compile(rb"(?:II\*\x00|MM\x00\*)", re.DOTALL)
_XMP = re.compile(rb"tiff:Orientation(?:=\"|>)([1-8])")


def orientation(dropped: list[bytes]) -> bytes:
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
