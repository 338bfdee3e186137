"""Embeddings of pictures and texts by a Keras model, batch by batch, and the cached features of frozen backbones."""

import hashlib
from collections.abc import Sequence
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
    """The model's inputs for pictures, row by row: `kind` is "pixels", (n, height, width, 3) uint8, or "features", (n, width) float32."""

    kind: str
    values: NDArray

    def __len__(self) -> int:
        return len(self.values)


def encode_pictures(model: "keras.Model", pictures: Pictures) -> NDArray[np.float32]:
    """Return the embeddings (n, dimension) of pictures or of a frozen backbone's features."""
    encoder = model.images.get_layer("head") if pictures.kind == "features" else model.images
    return in_batches(encoder, pictures.values)


def features_of(encoder: "keras.Model", pixels: NDArray[np.uint8], cache: Path) -> Pictures:
    """Return the features of pictures by an encoder's frozen backbone, extracted once and cached.

    Args:
        encoder: an image encoder, see `training.models.image_encoder`.
        pixels: (n, height, width, 3).
        cache: folder whose files are named by a digest of the backbone's weights and the pictures' bytes.
    """
    backbone = encoder.get_layer("features")
    file = cache / f"features-{_digest(backbone, pixels)}.npy"
    if not file.exists():
        parts = [
            in_batches(backbone, pixels[start : start + CHUNK], batch=128)
            for start in tqdm(
                range(0, len(pixels), CHUNK), "extract features", unit_scale=CHUNK, unit="picture"
            )
        ]
        write_array(file, np.concatenate(parts))
    return Pictures("features", np.load(file, mmap_mode="r"))


def _digest(backbone: "keras.Model", pixels: NDArray[np.uint8]) -> str:
    digest = hashlib.sha256(str(pixels.shape).encode())
    for weight in backbone.get_weights():
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
