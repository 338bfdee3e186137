"""`python -m training evaluate`: the same figures for a run in Keras and for an artifact as it will be served."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from search.encoders import Encoders, load_artifact
from search.preprocessing import ImageSpec

from .data import Catalogue, read_catalogue
from .evaluate import attribute_queries, image_to_image, image_to_text, similar_items, text_to_image

# What a shopper calls an article type where the catalogues' word is another.
WORDING = {"Tshirts": "t-shirt"}


class Judged(Protocol):
    """Anything that encodes pictures and texts into one space."""

    spec: ImageSpec

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n, dimension) for (n, height, width, 3)."""

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, dimension) for n texts."""


class JudgedArtifact:
    """An artifact, encoding exactly as the shop's workers will."""

    def __init__(self, encoders: Encoders) -> None:
        self.encoders = encoders
        self.spec = encoders.manifest.image

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n, dimension) for (n, height, width, 3)."""
        parts = [
            self.encoders.encode_images([Image.fromarray(row) for row in pixels[start : start + 256]])
            for start in tqdm(range(0, len(pixels), 256), "encode", unit="batch", leave=False)
        ]
        return np.concatenate(parts)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, dimension) for n texts."""
        return self.encoders.encode_texts(texts)


class JudgedRun:
    """A run's best weights in Keras, in float32."""

    def __init__(self, workdir: Path) -> None:
        from .runs import Run

        self.run = Run(workdir)
        self.model = self.run.model()
        self.spec = self.run.stage.spec

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n, dimension) for (n, height, width, 3)."""
        from .encoding import encode_pixels

        return encode_pixels(self.model, pixels)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, dimension) for n texts."""
        from .encoding import encode_texts

        return encode_texts(self.model, self.run.tokenizer, texts, self.run.config)


def open_judged(folder: Path, *, threads: int = 2) -> Judged:
    """Open an artifact folder (it has a manifest) or a run folder."""
    if (folder / "manifest.json").exists():
        return JudgedArtifact(load_artifact(folder, threads=threads))
    return JudgedRun(folder)


def judge(judged: Judged, data: Path, cache: Path, *, whole_gallery: bool = True) -> dict:
    """Measure the val products of a catalogue in every direction, among themselves and among all products."""
    figures = judge_val(judged, data, cache)
    return figures | judge_all(judged, data, cache) if whole_gallery else figures


def judge_val(judged: Judged, data: Path, cache: Path) -> dict:
    """Measure texts, pictures and similar items with the val products as queries and as gallery."""
    held = read_catalogue([data], split="val", spec=judged.spec, cache=cache, held_out=True)
    pictures = judged.encode_pixels(held.pixels)
    return {
        "text_to_image val": text_to_image(held.products, held.products, pictures, judged.encode_texts),
        "image_to_text val": image_to_text(held.products, held.products, pictures, judged.encode_texts),
        "image_to_image val": image_to_image(held.products, pictures),
    }


def judge_all(judged: Judged, data: Path, cache: Path) -> dict:
    """Measure the same with the val products as queries and every product of the catalogue as gallery."""
    every = read_catalogue([data], split=None, spec=judged.spec, cache=cache, held_out=True)
    pictures = judged.encode_pixels(every.pixels)
    rows = [row for row, product in enumerate(every.products) if product.split == "val"]
    queries = [every.products[row] for row in rows]
    return {
        "text_to_image all": text_to_image(queries, every.products, pictures, judged.encode_texts),
        "image_to_text all": image_to_text(queries, every.products, pictures[rows], judged.encode_texts),
        "image_to_image all": similar_items(queries, pictures[rows], every.products, pictures),
    }


def judge_attributes(judged: Judged, data: Path, cache: Path) -> dict:
    """Measure queries of colour, pattern and type over a whole catalogue folder, by embeddings alone."""
    catalogue: Catalogue = read_catalogue([data], split=None, spec=judged.spec, cache=cache)
    return attribute_queries(
        catalogue.products, judged.encode_pixels(catalogue.pixels), judged.encode_texts, WORDING
    )
