"""What a format is, and what reading a folder of it gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .notes import Notes
from .pictures import StoredPictures
from .product import Product


@dataclass(frozen=True, slots=True)
class Source:
    """A folder's products and, row by row, their pictures, none of them opened yet."""

    products: Sequence[Product]  # split is "" where the format states none
    pictures: StoredPictures
    states_twins: bool = False  # the format itself says which pictures are equal


@dataclass(frozen=True, slots=True)
class Format:
    """A way to lay out a folder of products, and how it is recognised and read."""

    looked_for: str  # what makes a folder one of this format, for a person
    fits: Callable[[Path], bool]
    read: Callable[[Path, Notes], Source]
