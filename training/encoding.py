"""Encode pictures and texts with a Keras model, batch by batch: the float32 reference of what is exported."""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .config import Config
from .tokens import tokenize


def encode_pixels(model: keras.Model, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the image encoder's embeddings (n, dimension) of (n, height, width, 3) pictures."""
    return in_batches(model.images, pixels)


def encode_texts(
    model: keras.Model, tokenizer: Tokenizer, texts: Sequence[str], config: Config
) -> NDArray[np.float32]:
    """Return the text encoder's embeddings (n, dimension) of n texts."""
    return in_batches(model.texts, tokenize(tokenizer, texts, config.text.max_tokens))


def in_batches(encoder: keras.Model, inputs: np.ndarray, *, batch: int = 256) -> NDArray[np.float32]:
    """Return what an encoder gives for inputs (n, ...), (n, width) float32."""
    # The last batch is filled up with copies of row 0, so that one compiled graph serves all batches.
    outputs = []
    for start in range(0, len(inputs), batch):
        part = np.asarray(inputs[start : start + batch])
        missing = batch - len(part)
        padded = np.concatenate([part, np.repeat(part[:1], missing, axis=0)]) if missing else part
        outputs.append(encoder.predict_on_batch(padded)[: len(part)])
    return np.concatenate(outputs).astype(np.float32)
