"""What a model learns from: products and their pictures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Product:
    """One product of a catalogue, as far as a model learns from it; what is unknown is empty."""

    catalogue: str  # the folder's name
    id: str
    name: str
    brand: str = ""
    description: str = ""
    article_type: str = ""
    colour: str = ""
    gender: str = ""
    usage: str = ""
    pattern: str = ""
    fabric: str = ""
    split: str = ""  # "train", "val" or "test"
    twin: str = ""  # id of the product whose picture is byte-identical, or ""
    held_out: bool = False  # equals a product that models are judged by: never trained on
    category: str = ""
    subcategory: str = ""
    captions: tuple[str, ...] = ()  # sentences that each describe the picture


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Products and their pictures, row by row: `pixels` is (n, height, width, 3) uint8."""

    products: tuple[Product, ...]
    pixels: NDArray[np.uint8]
