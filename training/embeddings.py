"""Embeddings of pictures and texts by a Keras model, batch by batch."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

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

    `kind` is "pixels", values (n, height, width, 3) uint8, or (variants, n, height, width, 3) for copies that are augmented already; or
    "features", values (variants, n, ...): what a frozen part of the encoder gives for one or more copies of each picture.
    """

    kind: str
    values: NDArray

    def __len__(self) -> int:
        return self.values.shape[1] if self.copied else len(self.values)

    @property
    def copied(self) -> bool:
        """Whether there are copies, which are augmented already."""
        return self.kind == "features" or self.values.ndim == 5

    def rows(self, rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray:
        """Return the inputs of some pictures (k, ...); of cached copies, one of each at random."""
        if not self.copied:
            return self.values[rows]
        variants = rng.integers(len(self.values), size=len(rows))
        return self.values[variants, rows]


def encode_pictures(model: "keras.Model", pictures: Pictures) -> NDArray[np.float32]:
    """Return the embeddings (n, dimension) of pictures, or of the first copies that passed the frozen part."""
    if pictures.kind == "features":
        return in_batches(model.trained_part, pictures.values[0])
    return in_batches(model.images, pictures.values)


def digest_of(key: str, *arrays: NDArray) -> str:
    """Return 32 hex digits that depend on `key` and on the bytes of all arrays."""
    digest = hashlib.sha256(key.encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    return digest.hexdigest()[:32]


def write_array(file: Path, values: NDArray) -> None:
    """Write `values` to `file` (.npy) in one step, so that a killed process leaves no partial file.

    The folder is created where it is missing.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
        np.save(part, values)
    Path(part.name).replace(file)
