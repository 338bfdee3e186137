"""Turn pictures of any size into the one array shape that an image encoder takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image


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
