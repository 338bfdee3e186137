"""Thumbnails, made the first time a browser asks for one, at the sizes that pages show."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from imagekit import ImageSpec
from imagekit.processors import ResizeToFit

from search.encoders.pictures import open_picture
from search.exceptions import PictureError
from search.storage import is_away, is_refusal

from .files import write_whole

log = logging.getLogger(__name__)
PREFIX = "products/"  # only pictures of products have thumbnails
FOLDER = "thumbs"


@dataclass(frozen=True, slots=True)
class Shape:
    """A frame of 3:4, in CSS pixels; `name` at one, `name2x` at two device pixels for each."""

    name: str
    width: int
    height: int


SHAPES = {
    shape.name: shape for shape in (Shape("mini", 84, 112), Shape("card", 270, 360), Shape("stage", 480, 640))
}


# Name of a thumbnail's kind, as it stands in addresses, to its frame in device pixels.
FRAMES = {shape.name: (shape.width, shape.height) for shape in SHAPES.values()} | {
    f"{shape.name}2x": (2 * shape.width, 2 * shape.height) for shape in SHAPES.values()
}
FULL = "full"  # the whole picture, which a click on the one of the product's page opens
FRAMES[FULL] = (1500, 2000)
# What the shop asks of a picture at most; a new picture is decoded at this size to see whether it can be.
LARGEST = (max(width for width, _ in FRAMES.values()), max(height for _, height in FRAMES.values()))


class Thumbnail(ImageSpec):
    """A WebP that fits a frame; a picture smaller than the frame is not enlarged."""

    format = "WEBP"
    options = {"quality": 82, "method": 3}

    def __init__(self, source: ContentFile, frame: tuple[int, int]) -> None:
        super().__init__(source)
        self.processors = [ResizeToFit(*frame, upscale=False)]


def thumbnail(name: str, frame: str, *, storage: Storage = default_storage) -> bytes:
    """Return a thumbnail, which is made and stored unless it is there.

    Args:
        name: storage name of the picture.
        frame: a name in FRAMES.

    Raises:
        PictureError: the picture is missing or damaged.
        StorageAway: the storage does not answer.
    """
    made = f"{FOLDER}/{frame}/{name}.webp"
    try:
        return _read(storage, made)
    except PictureError:
        pass  # not made yet; a store that may not be listed says that it is forbidden
    # Decoded by the one careful opener and passed on as pixels, so that no damaged file reaches a library that
    # does not expect it.
    upright = io.BytesIO()
    open_picture(io.BytesIO(_read(storage, name)), at_least=FRAMES[frame]).save(upright, "BMP")
    upright.seek(0)
    content: bytes = Thumbnail(ContentFile(upright.getvalue(), name=name), FRAMES[frame]).generate().read()
    try:
        write_whole(storage, made, content)
    except Exception as error:
        if not (is_away(error) or is_refusal(error)):
            raise
        log.warning("The thumbnail %s could not be stored: %s", made, error)
    return content


def _read(storage: Storage, name: str) -> bytes:
    try:
        with storage.open(name, "rb") as file:
            content: bytes = file.read()
    except Exception as error:
        if is_away(error) or not is_refusal(error):
            raise
        raise PictureError(f"The picture {name} cannot be read.") from error
    return content
