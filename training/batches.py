"""Batches of pictures with one drawn text each, shuffled and augmented anew every epoch."""

import random
from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .catalogue import Catalogue, Product
from .config import Config, Stage
from .texts import draw_texts
from .tokens import tokenize, with_dropout


class Batches(keras.utils.PyDataset):
    """({"pixels", "tokens"}, keys) by batch; the same seed and epoch give the same batches.

    `keys` is (n, 2) int32: products that share a picture or a name share the first, equal texts the second.
    """

    def __init__(
        self, catalogue: Catalogue, tokenizer: Tokenizer, config: Config, stage: Stage, *, epoch: int = 0
    ) -> None:
        super().__init__(workers=2, use_multiprocessing=False, max_queue_size=8)
        self.catalogue = catalogue
        self.config = config
        self.stage = stage
        self.tokenizer = with_dropout(tokenizer, config.subword_dropout)
        self.groups = group_products(catalogue.products)
        self.epoch = epoch
        self._begin_epoch()

    def __len__(self) -> int:
        return len(self.order) // self.config.batch_size

    def __getitem__(self, index: int):
        size = self.config.batch_size
        rows = self.order[index * size : (index + 1) * size]
        rng = np.random.default_rng((self.config.seed, self.epoch, index))
        pixels = augment(self.catalogue.pixels[rows], rng, flip=self.config.flip, shift=self.config.shift)
        return {"pixels": pixels, "tokens": self.tokens[rows]}, np.stack(
            [self.groups[rows], self.texts[rows]], axis=1
        )

    def on_epoch_end(self) -> None:
        """Shuffle, and draw other texts."""
        self.epoch += 1
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        rng = random.Random(f"{self.config.seed} {self.epoch}")
        products = self.catalogue.products
        order = np.random.default_rng((self.config.seed, self.epoch)).permutation(len(products))
        self.order = order[: self.stage.epoch_products or None]
        texts = draw_texts(products, self.stage.texts or self.config.texts, self.config.typo_rate, rng)
        # With dropped merges the tokenizer draws its own, unseeded lots: resuming is exact only without.
        self.tokens = tokenize(self.tokenizer, texts, self.config.max_tokens)
        self.texts = _numbered([text.lower() for text in texts])


def augment(
    pixels: NDArray[np.uint8], rng: np.random.Generator, *, flip: bool, shift: float
) -> NDArray[np.uint8]:
    """Mirror half of the pictures and shift each within its frame; the frame's margin repeats the edge.

    Colour and pattern stay as they are: shoppers ask for them.

    Args:
        pixels: (n, height, width, 3) uint8.
        rng: source of chance.
        flip: whether to mirror.
        shift: largest shift as a share of the side.
    """
    count, height, width, _ = pixels.shape
    down, right = round(height * shift), round(width * shift)
    padded = np.pad(pixels, ((0, 0), (down, down), (right, right), (0, 0)), mode="edge")
    tops = rng.integers(0, 2 * down + 1, count)
    lefts = rng.integers(0, 2 * right + 1, count)
    mirrored = rng.random(count) < (0.5 if flip else 0.0)
    augmented = np.empty_like(pixels)
    for row in range(count):
        top, left = tops[row], lefts[row]
        picture = padded[row, top : top + height, left : left + width]
        augmented[row] = picture[:, ::-1] if mirrored[row] else picture
    return augmented


def group_products(products: Sequence[Product]) -> NDArray[np.int32]:
    """Number products so that those with one name or one picture share a number, directly or through others."""
    leader: dict[str, str] = {}

    def find(key: str) -> str:
        while leader.setdefault(key, key) != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    for product in products:
        own = find(f"id {product.id}")
        leader[find(f"name {product.name.casefold()}")] = own
        if product.twin:
            leader[find(f"id {product.twin}")] = find(own)
    return _numbered([find(f"id {product.id}") for product in products])


def _numbered(values: Sequence[str]) -> NDArray[np.int32]:
    return np.unique(np.array(values, dtype=object), return_inverse=True)[1].astype(np.int32)
