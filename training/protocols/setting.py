"""Where a protocol finds what it measures on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..data import Product, read_catalogue
from ..judging import Judged

Gallery = Literal["val", "all"]
Figures = dict[str, dict[str, float]]  # by section, such as "text_to_image val", and there by metric


@dataclass(frozen=True, slots=True)
class Setting:
    """The inputs of an evaluation."""

    data: Path  # a catalogue folder
    cache: Path  # folder for decoded pictures
    gallery: Gallery | None = None  # which products are searched through; None for the protocol's own choice
    ground_truth: Path | None = None  # KAGL's file of queries and their products
    photos: Path | None = None  # folder of shopper photos

    def encoded(self, judged: Judged, gallery: Gallery) -> tuple[Sequence[Product], NDArray[np.float32]]:
        """Return the gallery's products and their pictures' embeddings, (n, dimension)."""
        split = None if gallery == "all" else gallery
        found = read_catalogue([self.data], split=split, spec=judged.spec, cache=self.cache, held_out=True)
        return found.products, judged.encode_pixels(found.pixels)
