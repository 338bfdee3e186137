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
    turned = None  # nothing states it yet; what EXIF states counts, upright too, whatever XMP has kept of former days
    for part in dropped:
        if turned is None and (begin := _TIFF.search(part[:32])):
            exif = Image.Exif()
            try:
                exif.load(part[begin.start() :])
                turned = exif.get(ORIENTATION, turned)
            except Exception:  # noqa: BLE001, S112 - damaged in any way that Pillow stumbles over: it says nothing
                continue
    for part in dropped if turned is None else ():
        if stated := _XMP.search(part):
            turned = int(stated.group(1))
            break
    if not isinstance(turned, int) or not 2 <= turned <= 8:
        return b""
    return b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, ORIENTATION, 3, 1, turned, 0, 0)
