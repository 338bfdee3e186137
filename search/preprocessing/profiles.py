"""Colours of a picture whose embedded profile is not that of sRGB, as sRGB has them.

Layout of profiles: https://www.color.org/specification/ICC.1-2022-05.pdf, 7.2 and 7.3
"""

import io
from functools import lru_cache
from itertools import product

import numpy as np
from PIL import Image, ImageCms

_MOST_BYTES = 4_000_000  # those of printing presses have up to about 3 MB
_MOST_TAGS = 100
_HEADER = 132  # bytes, with the number of tags
_SPACES = {b"RGB ": "RGB", b"CMYK": "CMYK"}
_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
_PROGRAMS = b"D2B"  # tags that hold any number of steps, each done for every colour
_STEPS = (0, 51, 102, 153, 204, 255)
_SAME = 2.0  # of 255: profiles of sRGB differ from one another by less, on average


@lru_cache(maxsize=4)  # the pictures of a shop have few, and looking at one takes 3 ms
def transform_to_srgb(profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return what turns a picture's colours into those of sRGB, or None where they are to be taken as they are.

    Args:
        profile: as it was embedded, or None.
        mode: "RGB" or "CMYK".

    Returns:
        A transform from the mode to "RGB"; None without a profile, for one of sRGB, and for one that cannot be used.
    """
    if not profile or not _usable(profile, mode):
        return None
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        wanted = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(
            given, wanted, mode, "RGB", renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except (ImageCms.PyCMSError, OSError):  # damaged: the picture itself may be fine
        return None
    if mode == "RGB" and _changes(transform) < _SAME:
        return None
    return transform


def _usable(profile: bytes, mode: str) -> bool:
    if not _HEADER < len(profile) <= _MOST_BYTES or profile[36:40] != b"acsp":
        return False
    tags = int.from_bytes(profile[128:132], "big")
    table = profile[_HEADER : _HEADER + 12 * tags]
    names = [table[at : at + 3] for at in range(0, len(table), 12)] if tags <= _MOST_TAGS else [_PROGRAMS]
    return _SPACES.get(profile[16:20]) == mode and profile[12:16] in _CLASSES and _PROGRAMS not in names


def _changes(transform: ImageCms.ImageCmsTransform) -> float:
    """By how much colours from all over change, on average, of 255."""
    colours = np.array(list(product(_STEPS, repeat=3)), dtype=np.uint8)[None]
    turned = ImageCms.applyTransform(Image.fromarray(colours), transform)
    return float(np.abs(np.asarray(turned).astype(int) - colours).mean()) if turned else 0.0
