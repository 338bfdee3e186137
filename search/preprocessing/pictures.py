"""Open a picture from anywhere as upright RGB, or say in one sentence why it cannot be used."""

import warnings
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..exceptions import PictureError
from .parts import Scans, walk_parts
from .webp import webp_size

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MAX_PIXELS = 25_000_000
MAX_WEBP_PIXELS = 13_000_000  # its decoder holds 18 bytes for each pixel, others up to 10
MAX_BYTES = 240_000_000  # of a JPEG's coefficients and pixels together
MAX_WORK = 800_000_000  # pixels that the scans of a JPEG go over, each colour for itself: 32 at 25 megapixels, which take 0.6 s
_WHITE = (255, 255, 255)
_BAND = 256  # rows
_DEPTHS = {  # Pillow scales the pixels of these PNGs to 8 bits, and leaves the transparent colour as it stands in the file
    "L;2": lambda value: (value & 3) * 85,
    "L;4": lambda value: (value & 15) * 17,
    "RGB;16B": lambda value: value >> 8,  # as it does with the pixels
}


def open_picture(
    file: BinaryIO, *, at_least: tuple[int, int] | None = None, formats: tuple[str, ...] = FORMATS
) -> Image.Image:
    """Decode a picture completely and return it upright, in RGB, transparency laid on white.

    Args:
        file: a seekable binary file at its beginning.
        at_least: (width, height) in pixels that the caller needs; a JPEG may then be decoded at a
            half, quarter or eighth of its size, though never smaller than this.
        formats: of FORMATS, those that are taken.

    Returns:
        An RGB picture of the first frame, detached from the file.

    Raises:
        PictureError: in none of the formats; damaged; more than 25 megapixels, 13 in a WebP file; or more parts,
            scans or bytes of memory than a camera or program ever needs.
    """
    # Pillow answers damaged files with OSError, ValueError, SyntaxError, NotImplementedError, MemoryError,
    # struct.error and its own bomb errors, so everything is caught here and named.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is stricter
            warnings.simplefilter("ignore", UserWarning)  # damaged EXIF: the picture itself may be fine
            _refuse_size(webp_size(file.read(30)), MAX_WEBP_PIXELS)
            file.seek(0)
            scans = walk_parts(file)
            file.seek(0)
            with Image.open(file, formats=formats) as image:
                size = image.size
                _refuse_size(size)
                if at_least is not None:
                    image.draft("RGB", at_least)
                _refuse_scans(scans, size, image)
                _scale_transparency(image)
                image.load()
                ImageOps.exif_transpose(image, in_place=True)  # a copy of 25 megapixels is another 100 MB
                return _to_rgb(image)
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels.") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"The file is not a {_said(formats)} picture.") from error
    except Exception as error:
        raise PictureError(f"The picture is damaged: {_sentence(error)}") from error


def _said(formats: tuple[str, ...]) -> str:
    names = [name.replace("WEBP", "WebP") for name in formats]
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _sentence(error: Exception) -> str:
    text = str(error).strip().rstrip(".") or type(error).__name__
    return f"{text[:200]}."


def _refuse_size(size: tuple[int, int] | None, most: int = MAX_PIXELS) -> None:
    if size is None:
        return
    width, height = size
    if width < 1 or height < 1:
        raise PictureError("The picture is damaged: it states no size.")
    if width * height > most:
        kind = " of a WebP picture" if most == MAX_WEBP_PIXELS else ""
        raise PictureError(
            f"The picture has {width} x {height} pixels; the limit{kind} is {most // 1_000_000} megapixels."
        )


def _refuse_scans(scans: Scans, size: tuple[int, int], image: Image.Image) -> None:
    """A JPEG of several scans is held whole, in two bytes for each pixel and colour, while it is decoded."""
    pixels = size[0] * size[1]
    if scans.colours * pixels > MAX_WORK:
        raise PictureError(f"The picture goes over its {size[0]} x {size[1]} pixels in too many scans.")
    if scans.times > 1 or image.info.get("progressive"):
        shares = [
            across * down for _, across, down, _ in getattr(image, "layer", ())
        ]  # a colour may have fewer
        coefficients = 2 * pixels * sum(shares) // max(shares, default=1)
        decoded = (
            image.width * image.height * (8 if image.mode == "CMYK" else 4)
        )  # then it is turned into RGB
        if coefficients + decoded > MAX_BYTES:
            raise PictureError(
                f"The picture has {size[0]} x {size[1]} pixels in several scans, which take too much memory."
            )


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_grey_to_rgb(image)
    if image.has_transparency_data:
        return _on_white(image)
    return image.convert("RGB")


def _scale_transparency(image: Image.Image) -> None:
    """Give the transparent colour of an opened PNG the depth that its pixels will have."""
    transparent, tiles = image.info.get("transparency"), getattr(image, "tile", ())
    scale = _DEPTHS.get(tiles[0].args) if tiles and isinstance(tiles[0].args, str) else None
    if scale and isinstance(transparent, int):
        image.info["transparency"] = scale(transparent)
    elif scale and isinstance(transparent, tuple):
        image.info["transparency"] = tuple(map(scale, transparent))


def _bands(image: Image.Image) -> Iterator[tuple[tuple[int, int, int, int], Image.Image]]:
    """The picture in bands of rows, each with its place, so that what they are turned into is never whole beside it."""
    for top in range(0, image.height, _BAND):
        box = (0, top, image.width, min(top + _BAND, image.height))
        yield box, image.crop(box)


def _on_white(image: Image.Image) -> Image.Image:
    flat = Image.new("RGB", image.size, _WHITE)
    for box, band in _bands(image):
        clear = band.convert("RGBA")
        flat.paste(clear, box, clear)
    return flat


def _deep_grey_to_rgb(image: Image.Image) -> Image.Image:
    # Pillow's convert("RGB") clips 16-bit grey at 255, which turns nearly every such picture white.
    brightest = image.getextrema()[1] if image.mode == "F" else 65535
    transparent = image.info.get("transparency")
    scale = 257.0 if isinstance(brightest, int | float) and brightest > 255 else 1.0
    flat = Image.new("L", image.size)
    for box, band in _bands(image):
        grey = np.nan_to_num(np.asarray(band, dtype=np.float32))
        shown = np.clip(grey / scale, 0, 255).round().astype(np.uint8)
        if isinstance(transparent, int):
            shown[grey == transparent] = 255
        flat.paste(Image.fromarray(shown), box)
    return flat.convert("RGB")
