"""Evaluators: the models that are evaluated, a run in Keras or an artifact, and the retrieval metrics of each.

Whatever the model, it encodes pictures and texts behind the same two methods, so that a run and the artifact exported
from it are measured alike.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer
from tqdm import tqdm

from search.encoders.artifact import read_manifest
from search.encoders.pictures import ImageSpec
from search.encoders.sessions import Encoders, load_artifact

from ..checkpoint import BEST, CONFIG, TOKENIZER
from ..config import load_config
from ..data import Product, has_large_pictures, read_catalogue
from ..embeddings import encode_pixels, encode_texts, write_array
from .retrieval import (
    Embeddings,
    attribute_queries,
    image_to_text,
    similar_items,
    text_to_image,
)

# What a shopper calls an article type where the catalogue uses another word.
WORDING = {"Tshirts": "t-shirt"}


Gallery = Literal["val", "all", "val-large", "large"]
Figures = dict[str, dict[str, float]]  # by section, such as "text_to_image val", and there by metric


# Models ----------------------------------------------------------------------------------------------------


class EmbeddingModel(Protocol):
    """Anything that encodes pictures and texts into one joint space."""

    spec: ImageSpec

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> Embeddings:
        """Return (n, dimension) for (n, height, width, 3)."""

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Return (n, dimension) for n texts."""


class ArtifactModel:
    """An artifact, which encodes exactly as the search workers will."""

    def __init__(self, encoders: Encoders) -> None:
        self.encoders = encoders
        self.spec = encoders.manifest.image

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> Embeddings:
        """Return (n, dimension) for (n, height, width, 3)."""
        parts = [
            self.encoders.encode_images([Image.fromarray(row) for row in pixels[start : start + 256]])
            for start in tqdm(range(0, len(pixels), 256), "encode", unit="batch", leave=False)
        ]
        return np.concatenate(parts)

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Return (n, dimension) for n texts."""
        return self.encoders.encode_texts(texts)

    def encode_cells(self, image: Image.Image) -> Embeddings | None:
        """Return (rows, columns, dimension), see `Encoders.encode_photo`."""
        return self.encoders.encode_photo(image)[1]


class RunModel:
    """A finished or unfinished run: its configuration, tokenizer and best weights, in float32.

    The encoders take pictures of the last stage's size, as they are exported.

    Raises:
        FileNotFoundError: the folder holds no run with at least one finished epoch.
    """

    def __init__(self, workdir: Path) -> None:
        if not (workdir / BEST).exists():
            raise FileNotFoundError(f"{workdir} holds no finished epoch: {workdir / BEST} is missing.")
        from ..models import build_empty

        self.config = load_config(workdir / CONFIG)
        self.tokenizer: Tokenizer = Tokenizer.from_file(str(workdir / TOKENIZER))
        self.spec = self.config.stages[-1].spec
        self.model = build_empty(self.config, self.tokenizer, (self.spec.height, self.spec.width))
        self.model.load_weights(workdir / BEST)

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> Embeddings:
        """Return (n, dimension) for (n, height, width, 3)."""
        return encode_pixels(self.model, pixels)

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Return (n, dimension) for n texts."""
        return encode_texts(self.model, self.tokenizer, texts, self.config)


class CachedModel:
    """A model whose embeddings are cached in a folder, by the model's fingerprint and the input's bytes.

    Several evaluation protocols encode the same pictures; with the cache they are encoded once.

    Args:
        model: the model.
        fingerprint: equal for two models only if they give equal embeddings.
        folder: the cache, one `.npy` file per input.
    """

    def __init__(self, model: EmbeddingModel, fingerprint: str, folder: Path) -> None:
        self.model = model
        self.spec = model.spec
        self.fingerprint = fingerprint
        self.folder = folder

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> Embeddings:
        """Return (n, dimension) for (n, height, width, 3)."""
        shape = json.dumps(pixels.shape).encode()
        content = np.ascontiguousarray(pixels).reshape(-1).data
        return self._cached("pixels", (shape, content), lambda: self.model.encode_pixels(pixels))

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Return (n, dimension) for n texts."""
        content = json.dumps(list(texts)).encode()
        return self._cached("texts", (content,), lambda: self.model.encode_texts(texts))

    def _cached(
        self, kind: str, content: Sequence[bytes | memoryview], encode: Callable[[], Embeddings]
    ) -> Embeddings:
        digest = hashlib.sha256(self.fingerprint.encode())
        for part in content:
            digest.update(part)
        file = self.folder / f"{kind}-{digest.hexdigest()}.npy"
        if not file.exists():
            write_array(file, encode())
        return np.load(file)


def open_model(folder: Path, *, threads: int = 2) -> EmbeddingModel:
    """Open an artifact folder (it has a manifest) or a run folder."""
    if (folder / "manifest.json").exists():
        return ArtifactModel(load_artifact(folder, threads=threads))
    return RunModel(folder)


def fingerprint_of(folder: Path) -> str:
    """Return a digest of what decides the embeddings of an artifact folder or a run folder: 64 hex digits.

    An artifact's is that of its manifest. A run's covers every file directly in its folder, so whatever a family of
    models is rebuilt from counts, and a run that was resumed is encoded again.
    """
    if (folder / "manifest.json").exists():
        return read_manifest(folder).fingerprint
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        with file.open("rb") as content:
            digest.update(f"{file.name} {hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()


# Evaluators ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Setting:
    """The inputs of an evaluation protocol."""

    data: Path  # a catalogue folder
    cache: Path  # folder for decoded pictures
    gallery: Gallery | None = None  # which products are searched through; None for the protocol's own choice
    ground_truth: Path | None = None  # KAGL's file of queries and their products
    photos: Path | None = None  # folder of shopper photos
    queries: Path | None = None  # file of judged queries
    sheet: Path | None = None  # file to write a contact sheet of shopper photos to
    seed: int = 1  # of the sheet's sample

    def encoded(self, model: EmbeddingModel, gallery: Gallery) -> tuple[Sequence[Product], Embeddings]:
        """Return the gallery's products and their pictures' embeddings, (n, dimension)."""
        return encoded(model, self.data, self.cache, gallery)

    @property
    def has_large_pictures(self) -> bool:
        """Whether the catalogue has the galleries of large pictures."""
        return has_large_pictures(self.data)


def encoded(
    model: EmbeddingModel, data: Path, cache: Path, gallery: Gallery
) -> tuple[Sequence[Product], Embeddings]:
    """Return the products of a catalogue folder that a gallery consists of, and their pictures' embeddings.

    Args:
        model: the encoders.
        data: the catalogue folder.
        cache: folder for decoded pictures.
        gallery: `val` or `all` products; `val-large` and `large`, those of them that have a large picture, by that one.

    Returns:
        n products, and (n, dimension).
    """
    catalogue = read_catalogue(
        [data],
        split="val" if gallery.startswith("val") else None,
        spec=model.spec,
        cache=cache,
        held_out=True,
        large=is_large(gallery),
    )
    return catalogue.products, model.encode_pixels(catalogue.pixels)


def is_large(gallery: Gallery) -> bool:
    """Return whether a gallery consists of large pictures."""
    return gallery.endswith("large")


def evaluate(model: EmbeddingModel, data: Path, cache: Path) -> Figures:
    """Evaluate the val products of a catalogue in every direction, among themselves and among all products."""
    return evaluate_gallery(model, data, cache, "val") | evaluate_gallery(model, data, cache, "all")


def evaluate_gallery(model: EmbeddingModel, data: Path, cache: Path, gallery: Gallery) -> Figures:
    """Evaluate texts, pictures and similar items in a gallery, with its val products as queries.

    Raises:
        ValueError: the gallery has no val product.
    """
    products, pictures = encoded(model, data, cache, gallery)
    rows = [row for row, product in enumerate(products) if product.split == "val"]
    if not rows:
        raise ValueError(f"No product of the gallery {gallery} is of split val.")
    queries = [products[row] for row in rows]
    return {
        f"text_to_image {gallery}": text_to_image(queries, products, pictures, model.encode_texts),
        f"image_to_text {gallery}": image_to_text(queries, products, pictures[rows], model.encode_texts),
        f"image_to_image {gallery}": similar_items(queries, pictures[rows], products, pictures),
    }


def evaluate_attributes(model: EmbeddingModel, data: Path, cache: Path) -> Figures:
    """Evaluate queries of colour, pattern and type over a whole catalogue folder, by embeddings alone."""
    catalogue = read_catalogue([data], split=None, spec=model.spec, cache=cache)
    pictures = model.encode_pixels(catalogue.pixels)
    return attribute_queries(catalogue.products, pictures, model.encode_texts, WORDING)
