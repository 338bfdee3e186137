"""Small JPEG pictures inside the page: each product's once, named by a CSS class."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LARGEST = (84, 112)  # width and height in pixels
QUALITY = 80


class Thumbnails:
    """Collects pictures while a page is made; `rules` are the CSS rules that show them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.rules: list[tuple[str, str]] = []  # class name and data URI

    def add(self, product_id: str, pixels: NDArray[np.uint8]) -> str:
        """Return the class name of a product's picture, (height, width, 3); the first one added is kept."""
        known = self._numbers.get(product_id)
        if known is not None:
            return f"p{known}"
        number = self._numbers[product_id] = len(self._numbers)
        self.rules.append((f"p{number}", data_uri(pixels)))
        return f"p{number}"


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """Return a picture of at most `LARGEST` as a data URI."""
    picture = Image.fromarray(np.asarray(pixels))
    picture.thumbnail(LARGEST, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
