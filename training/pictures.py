"""What a model reads of pictures: their pixels, or the features that a frozen backbone has of them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from .encoding import in_batches
from .keeping import keep

CHUNK = 2048  # pictures between two steps of the bar


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Rows of pictures: `kind` is "pixels", (n, height, width, 3) uint8, or "features", (n, width) float32."""

    kind: str
    values: NDArray

    def __len__(self) -> int:
        return len(self.values)


def encode_pictures(model: keras.Model, pictures: Pictures) -> NDArray[np.float32]:
    """Return the embeddings (n, dimension) of pictures or of a frozen backbone's features."""
    encoder = model.images.get_layer("head") if pictures.kind == "features" else model.images
    return in_batches(encoder, pictures.values)


def features_of(encoder: keras.Model, pixels: NDArray[np.uint8], cache: Path) -> Pictures:
    """Return the features of pictures by an encoder's frozen backbone, extracted once and kept in `cache`.

    Args:
        encoder: an image encoder, see `training.models.image_encoder`.
        pixels: (n, height, width, 3).
        cache: folder; files in it are named by the backbone's weights and the pictures' bytes.
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
        keep(file, np.concatenate(parts))
    return Pictures("features", np.load(file, mmap_mode="r"))


def _digest(backbone: keras.Model, pixels: NDArray[np.uint8]) -> str:
    digest = hashlib.sha256(str(pixels.shape).encode())
    for weight in backbone.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    for start in range(0, len(pixels), CHUNK):
        digest.update(np.ascontiguousarray(pixels[start : start + CHUNK]).tobytes())
    return digest.hexdigest()[:32]
