"""The way of a picture to an encoder: opened as upright RGB or refused with a sentence, then scaled to its array of pixels."""

import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import product
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from ..exceptions import PictureError
from .heif_parts import HEIF_BEGIN, heif_format, walk_heif
from .picture_parts import Scans, walk_parts

# As Pillow calls them; HEIF is what phones call HEIC.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF")
MAX_PIXELS = 25_000_000
MAX_WEBP_PIXELS = 13_000_000  # its decoder holds 18 bytes for each pixel, others up to 10
MAX_AVIF_PIXELS = 16_000_000  # 14 bytes, with transparency
MAX_BYTES = 240_000_000  # of a JPEG's coefficients and pixels together
MAX_WORK = 800_000_000  # pixels that the scans of a JPEG go over, each colour for itself: 32 at 25 megapixels, which take 0.6 s
_WHITE = (255, 255, 255)
_JPEG_END = b"\xff\xd9"
_GREY = 128  # or 127 in CMYK: of every colour, where a JPEG has no data
_LEAST_THERE = 0.5  # of the rows of a JPEG
_THERE = "rows_there"  # in Pillow's notes on a picture
_BAND = 256  # rows
_MOST_TURNED = 4_000_000  # pixels that are turned into another colour space, which takes up to 0.3 s for CMYK
_DEPTHS = {  # Pillow scales the pixels of these PNGs to 8 bits, and leaves the transparent colour as it stands in the file
    "L;2": lambda value: (value & 3) * 85,
    "L;4": lambda value: (value & 15) * 17,
    "RGB;16B": lambda value: value >> 8,  # as it does with the pixels
}

# Of colour profiles; layout: https://www.color.org/specification/ICC.1-2022-05.pdf, 7.2 and 7.3
_MOST_BYTES = 4_000_000  # those of printing presses have up to about 3 MB
_MOST_TAGS = 100
_PROFILE_HEADER = 132  # bytes, with the number of tags
_SPACES = {b"RGB ": "RGB", b"CMYK": "CMYK"}
_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
_PROGRAMS = b"D2B"  # tags that hold any number of steps, each done for every colour
_STEPS = (0, 51, 102, 153, 204, 255)
_SAME = 2.0  # of 255: profiles of sRGB differ from one another by less, on average


def open_picture(
    file: BinaryIO, *, at_least: tuple[int, int] | None = None, formats: tuple[str, ...] = FORMATS
) -> Image.Image:
    """Decode a picture completely and return it upright, in sRGB, transparency laid on white.

    Of a JPEG that is cut off, at least half of whose rows are there, the rest is grey, as in browsers; `cut_off` says so.

    Args:
        file: a seekable binary file at its beginning.
        at_least: (width, height) in pixels that the caller needs; a JPEG may then be decoded at a
            half, quarter or eighth of its size, though never smaller than this. A picture with a profile other
            than that of sRGB is made smaller, too, to 4 megapixels at most whatever is needed.
        formats: of FORMATS, those that are taken.

    Returns:
        An RGB picture of the first frame, detached from the file.

    Raises:
        PictureError: in none of the formats; damaged, or cut off before half of its rows; more than 25 megapixels, 13
            in a WebP and 16 in an AVIF file; or more parts, scans or bytes of memory than a camera or program ever needs.
    """
    # Pillow answers damaged files with OSError, ValueError, SyntaxError, NotImplementedError, MemoryError,
    # struct.error and its own bomb errors, so everything is caught here and named.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is stricter
            warnings.simplefilter("ignore", UserWarning)  # damaged EXIF: the picture itself may be fine
            begin = file.read(HEIF_BEGIN)
            file.seek(0)
            _refuse_size(webp_size(begin), MAX_WEBP_PIXELS)
            kind = heif_format(begin)
            most = MAX_AVIF_PIXELS if kind == "AVIF" else MAX_PIXELS
            _refuse_size(walk_heif(file) if kind else None, most)
            scans = Scans() if kind else walk_parts(file)
            file.seek(0)
            cut = scans.cut_at if scans.times else None
            if cut is not None:
                file = io.BytesIO(file.read(cut) + _JPEG_END)
            with _opened(file, kind, formats) as image:
                size = image.size
                _refuse_size(size, most)
                if at_least is not None and kind is None:  # a preview inside HEIC may show something else
                    image.draft("RGB", at_least)
                _refuse_scans(scans, size, image)
                _scale_transparency(image)
                image.load()
                there = 1.0 if cut is None else _rows_there(image)
                ImageOps.exif_transpose(image, in_place=True)  # a copy of 25 megapixels is another 100 MB
                upright = _to_rgb(image, at_least)
                if cut is not None:
                    upright.info[_THERE] = there
                return upright
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels.") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"The file is not a {named_formats(formats)} picture.") from error
    except Exception as error:
        raise PictureError(f"The picture is damaged: {_sentence(error)}") from error


def cut_off(image: Image.Image) -> str:
    """Return a sentence on a picture of `open_picture` whose file is cut off; "" on a whole one."""
    there = image.info.get(_THERE)
    return (
        "" if there is None else f"The file is cut off: {int(100 * there)} % of the picture's rows are there."
    )


def _rows_there(image: Image.Image) -> float:
    """The share of the rows of a JPEG down to the last that is not grey all over, as its decoder leaves what is missing.

    Raises:
        PictureError: it is less than half.
    """
    there = 0
    for top in reversed(range(0, image.height, _BAND)):
        band = np.asarray(image.crop((0, top, image.width, min(top + _BAND, image.height))))
        rows = np.flatnonzero((np.abs(band.astype(np.int16) - _GREY) > 1).reshape(len(band), -1).any(axis=1))
        if len(rows):
            there = top + int(rows[-1]) + 1
            break
    share = there / image.height
    if share < _LEAST_THERE:
        raise PictureError(f"The picture is damaged: only {int(100 * share)} % of its rows are there.")
    return share


def _opened(file: BinaryIO, kind: str | None, formats: tuple[str, ...]) -> Image.Image:
    if kind != "HEIF" or kind not in formats:
        return Image.open(file, formats=[name for name in formats if name != "HEIF"])
    if not _reads_heic():
        raise PictureError("HEIC pictures cannot be read here: HEIC needs the package pillow-heif.")
    from pillow_heif import (
        HeifImageFile,
    )  # an extra; not registered, so that the host's own forms stay as they are

    opened: Image.Image = HeifImageFile(file)  # type: ignore[no-untyped-call]
    return opened


def _reads_heic() -> bool:
    return find_spec("pillow_heif") is not None


def named_formats(formats: tuple[str, ...] = FORMATS) -> str:
    """Return the names of picture formats that are read here, for sentences: "JPEG, PNG or WebP".

    Args:
        formats: of FORMATS.
    """
    shown = {"WEBP": "WebP", "HEIF": "HEIC"}
    names = [shown.get(name, name) for name in formats if name != "HEIF" or _reads_heic()]
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _sentence(error: Exception) -> str:
    text = str(error).strip().rstrip(".") or type(error).__name__
    return f"{text[:200]}."


def webp_size(header: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels claimed by a WebP header, or None where it is not a WebP file.

    Pillow's decoder allocates the whole canvas when the file is opened, before a caller can look at its size: 34 bytes that
    claim 16383 x 10800 pixels cost 1.4 GB. Layout: https://developers.google.com/speed/webp/docs/riff_container

    Args:
        header: the first 30 bytes of the file, or more.

    Returns:
        Width and height in pixels; (0, 0) for a WebP file with an unknown or cut-off first chunk.
    """
    if header[:4] != b"RIFF" or header[8:12] != b"WEBP":
        return None
    if len(header) < 30:
        return 0, 0
    chunk, body = header[12:16], header[20:30]
    if chunk == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return 0, 0


def _refuse_size(size: tuple[int, int] | None, most: int = MAX_PIXELS) -> None:
    if size is None:
        return
    width, height = size
    if width < 1 or height < 1:
        raise PictureError("The picture is damaged: it states no size.")
    if width * height > most:
        kind = {MAX_WEBP_PIXELS: " of a WebP picture", MAX_AVIF_PIXELS: " of an AVIF picture"}.get(most, "")
        raise PictureError(
            f"The picture has {width} x {height} pixels; the limit{kind} is {most // 1_000_000} megapixels."
        )


def _refuse_scans(scans: Scans, size: tuple[int, int], image: Image.Image) -> None:
    """A JPEG of several scans is held whole, in two bytes for each pixel and colour, while it is decoded."""
    pixels = size[0] * size[1]
    if scans.colours * pixels > MAX_WORK:
        raise PictureError(f"The picture goes over its {size[0]} x {size[1]} pixels in too many scans.")
    if scans.times > 1 or image.info.get("progressive"):
        # A colour may have fewer values than the picture has pixels; CMYK is turned into RGB afterwards.
        shares = [across * down for _, across, down, _ in getattr(image, "layer", ())]
        coefficients = 2 * pixels * sum(shares) // max(shares, default=1)
        decoded = image.width * image.height * (8 if image.mode == "CMYK" else 4)
        if coefficients + decoded > MAX_BYTES:
            raise PictureError(
                f"The picture has {size[0]} x {size[1]} pixels in several scans, which take too much memory."
            )


def _to_rgb(image: Image.Image, at_least: tuple[int, int] | None) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_grey_to_rgb(image)
    profile = image.info.get("icc_profile")
    if image.mode in ("CMYK", "RGB") and not image.has_transparency_data:
        transform = transform_to_srgb(profile, image.mode)
        if transform is None:
            return image.convert("RGB")
        image = _reduced(image, at_least)
        return _turn(image, transform, Image.new("RGB", image.size))
    flat = _on_white(image) if image.has_transparency_data else image.convert("RGB")
    if image.mode in ("L", "LA", "1") or (transform := transform_to_srgb(profile, "RGB")) is None:
        return flat
    flat = _reduced(flat, at_least)
    return _turn(flat, transform, flat)


def _reduced(image: Image.Image, at_least: tuple[int, int] | None) -> Image.Image:
    """The picture at twice the size that is needed, or smaller where its colours would still take a second."""
    factor = 1
    if at_least is not None:
        factor = max(1, min(image.width // (2 * at_least[0]), image.height // (2 * at_least[1])))
    while image.width * image.height > factor**2 * _MOST_TURNED:
        factor += 1
    return image.reduce(factor) if factor > 1 else image


def _turn(image: Image.Image, transform: ImageCms.ImageCmsTransform, into: Image.Image) -> Image.Image:
    """The picture in the colours of sRGB, written into another or itself."""
    for box, band in _bands(image):
        if colours := ImageCms.applyTransform(band, transform):
            into.paste(colours, box)
    return into


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
    if not _PROFILE_HEADER < len(profile) <= _MOST_BYTES or profile[36:40] != b"acsp":
        return False
    tags = int.from_bytes(profile[128:132], "big")
    table = profile[_PROFILE_HEADER : _PROFILE_HEADER + 12 * tags]
    names = [table[at : at + 3] for at in range(0, len(table), 12)] if tags <= _MOST_TAGS else [_PROGRAMS]
    return _SPACES.get(profile[16:20]) == mode and profile[12:16] in _CLASSES and _PROGRAMS not in names


def _changes(transform: ImageCms.ImageCmsTransform) -> float:
    """By how much colours from all over change, on average, of 255."""
    colours = np.array(list(product(_STEPS, repeat=3)), dtype=np.uint8)[None]
    turned = ImageCms.applyTransform(Image.fromarray(colours), transform)
    return float(np.abs(np.asarray(turned).astype(int) - colours).mean()) if turned else 0.0


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """Size in pixels of an image encoder's input; written into the artifact's manifest."""

    width: int
    height: int


def to_pixels(images: Sequence[Image.Image], spec: ImageSpec) -> NDArray[np.uint8]:
    """Fit each picture into the encoder's frame without distortion, on white as catalogue pictures are.

    Args:
        images: RGB pictures of any size.
        spec: the frame's size in pixels.

    Returns:
        (n, height, width, 3) uint8.
    """
    pixels = np.full((len(images), spec.height, spec.width, 3), 255, dtype=np.uint8)
    for row, image in zip(pixels, images, strict=True):
        _fit(row, image, spec)
    return pixels


def _fit(row: NDArray[np.uint8], image: Image.Image, spec: ImageSpec) -> None:
    scale = min(spec.width / image.width, spec.height / image.height)
    width = min(spec.width, max(1, round(image.width * scale)))
    height = min(spec.height, max(1, round(image.height * scale)))
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
    left, top = (spec.width - width) // 2, (spec.height - height) // 2
    row[top : top + height, left : left + width] = np.asarray(image)
