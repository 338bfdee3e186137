"""A photo that is unlike its mirror images, and ways to write it."""

import io
from functools import cache

import numpy as np
from PIL import Image
from pillow_heif import from_pillow

SECRETS = (b"Secret Camera", b"2026:01:02", b"secret-xmp")
_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@cache
def photo(width: int = 96, height: int = 128) -> Image.Image:
    """Smooth colours, darker to the right and below, with a blue patch at the top left."""
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    pixels = np.stack([230 - 150 * across, 60 + 120 * down, 200 * across * down], axis=-1)
    pixels[: height // 4, : width // 3] = (30, 60, 220)
    return Image.fromarray(pixels.round().astype(np.uint8))


def with_secrets(picture: Image.Image, format: str, orientation: int = 1) -> bytes:
    """The picture as a camera held that way writes it: stored turned, with the orientation, its own name, date and place."""
    if orientation in _STORED:
        picture = picture.transpose(_STORED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Secret Camera"
    exif[0x0132] = "2026:01:02 03:04:05"
    place = exif.get_ifd(0x8825)
    place.update({1: "N", 2: (12.0, 58.0, 17.0), 3: "E", 4: (77.0, 35.0, 40.0)})
    file = io.BytesIO()
    options = (
        {"lossless": True} if format == "WEBP" else {"quality": 95} if format in ("JPEG", "AVIF") else {}
    )
    if format != "PNG":
        options["xmp"] = b"<x:xmpmeta>secret-xmp</x:xmpmeta>"
    if format == "HEIF":  # which states the orientation by properties of its own
        from_pillow(picture).save(file, exif=exif.tobytes(), quality=90, **options)
    else:
        picture.save(file, format, exif=exif, **options)
    return file.getvalue()
