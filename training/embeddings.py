"""Embeddings of pictures and texts by a Keras model, batch by batch, and the cached outputs of its frozen part."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tqdm import tqdm

from .config import Config
from .tokens import tokenize

if TYPE_CHECKING:
    import keras

CHUNK = 2048  # pictures between two steps of the progress bar


def encode_pixels(model: "keras.Model", pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the image encoder's embeddings (n, dimension) of (n, height, width, 3) pictures."""
    return in_batches(model.images, pixels)


def encode_texts(
    model: "keras.Model", tokenizer: Tokenizer, texts: Sequence[str], config: Config
) -> NDArray[np.float32]:
    """Return the text encoder's embeddings (n, dimension) of n texts."""
    return in_batches(model.texts, tokenize(tokenizer, texts, config.text.max_tokens))


def in_batches(encoder: "keras.Model", inputs: np.ndarray, *, batch: int = 256) -> NDArray[np.float32]:
    """Return the outputs (n, width) float32 of an encoder for inputs (n, ...)."""
    # The last batch is filled up with copies of row 0, so that one compiled graph serves all batches.
    outputs = []
    for start in range(0, len(inputs), batch):
        part = np.asarray(inputs[start : start + batch])
        missing = batch - len(part)
        padded = np.concatenate([part, np.repeat(part[:1], missing, axis=0)]) if missing else part
        outputs.append(encoder.predict_on_batch(padded)[: len(part)])
    return np.concatenate(outputs).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The model's inputs for pictures.

    `kind` is "pixels", values (n, height, width, 3) uint8, or "features", values (variants, n, ...): what a frozen part
    of the encoder gives for one or more copies of each picture.
    """

    kind: str
    values: NDArray

    def __len__(self) -> int:
        return self.values.shape[1] if self.kind == "features" else len(self.values)

    def rows(self, rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray:
        """Return the inputs of some pictures (k, ...); of cached copies, one of each at random."""
        if self.kind == "pixels":
            return self.values[rows]
        variants = rng.integers(len(self.values), size=len(rows))
        return self.values[variants, rows]


def encode_pictures(model: "keras.Model", pictures: Pictures) -> NDArray[np.float32]:
    """Return the embeddings (n, dimension) of pictures, or of the first copies that passed the frozen part."""
    if pictures.kind == "features":
        return in_batches(model.trained_part, pictures.values[0])
    return in_batches(model.images, pictures.values)


def features_of(
    frozen: "keras.Model",
    pixels: NDArray[np.uint8],
    cache: Path,
    *,
    variants: int = 1,
    change: Callable[[NDArray[np.uint8], int, int], NDArray[np.uint8]] | None = None,
    key: str = "",
) -> Pictures:
    """Return what the frozen part of an encoder gives for pictures, extracted once and cached as float16.

    Args:
        frozen: pixels -> values, see `training.models.image.split`.
        pixels: (n, height, width, 3).
        cache: folder whose files are named by a digest of the weights, the pictures' bytes and `key`.
        variants: copies of each picture.
        change: (pictures, variant, first row) -> augmented pictures; without it, copies are alike.
        key: what `change` depends on.
    """
    file = cache / f"features-{_digest(frozen, pixels, f'{key} {variants}')}.npy"
    if not file.exists():
        shape = (variants, len(pixels), *frozen.output_shape[1:])
        _extract(frozen, pixels, file, change, shape)
    return Pictures("features", np.load(file, mmap_mode="r"))


def _extract(
    frozen: "keras.Model",
    pixels: NDArray[np.uint8],
    file: Path,
    change: Callable[[NDArray[np.uint8], int, int], NDArray[np.uint8]] | None,
    shape: tuple[int | None, ...],
) -> None:
    chunk = None
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    progress = tqdm(total=shape[0] * len(pixels), desc="extract features", unit="picture", mininterval=1.0)
    for variant in range(shape[0]):
        for start in range(0, len(pixels), CHUNK):
            pictures = np.asarray(pixels[start : start + CHUNK])
            made = in_batches(frozen, change(pictures, variant, start) if change else pictures, batch=128)
            if chunk is None:
                # Written straight to the file: copies of a whole catalogue need not fit into memory.
                whole = (*shape[:2], *made.shape[1:])
                chunk = np.lib.format.open_memmap(part, "w+", np.float16, whole)
            chunk[variant, start : start + CHUNK] = made
            progress.update(len(pictures))
    progress.close()
    if chunk is None:
        chunk = np.lib.format.open_memmap(part, "w+", np.float16, (shape[0], 0, *shape[2:]))
    chunk.flush()
    part.replace(file)


def _digest(frozen: "keras.Model", pixels: NDArray[np.uint8], key: str) -> str:
    digest = hashlib.sha256(f"{pixels.shape} {key}".encode())
    for weight in frozen.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    for start in range(0, len(pixels), CHUNK):
        digest.update(np.ascontiguousarray(pixels[start : start + CHUNK]).tobytes())
    return digest.hexdigest()[:32]


def write_array(file: Path, values: NDArray) -> None:
    """Write `values` to `file` (.npy) in one step, so that a killed process leaves no partial file.

    The folder is created where it is missing.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
        np.save(part, values)
    Path(part.name).replace(file)
