"""Batches of pictures with one randomly chosen text each, shuffled and augmented again in every epoch."""

import random
from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .augmentation import augment, mirror
from .config import Config, Stage
from .data import Product
from .embeddings import Pictures
from .teacher import Lesson
from .texts import disturb, draw_texts, facts
from .tokens import tokenize

LESSON = 1  # of the seed of the choice of taught texts


class Batches(keras.utils.PyDataset):
    """({"pixels" or "features", "tokens"}, {"true", "facts"}) by batch; determined by seed and epoch.

    `facts` is (n, k) int32: each product's facts by number, 0 for an unknown one. `true` is (n, n) bool: whether text
    j is true of picture i: where products share a picture or a name, where the two texts are equal, and where text j
    states only facts that product i has or may have. With a teacher of pictures there is "imitated", too: (n, dimension) float32,
    its embeddings of the pictures.

    With a lesson there are as many "taught" texts as products: their tokens among the inputs, their targets beside `true`.
    """

    def __init__(
        self,
        products: Sequence[Product],
        pictures: Pictures,
        tokenizer: Tokenizer,
        config: Config,
        stage: Stage,
        lesson: Lesson | None = None,
        imitated: NDArray[np.float32] | None = None,
    ) -> None:
        super().__init__(workers=2, use_multiprocessing=False, max_queue_size=8)
        self.products, self.pictures, self.imitated = products, pictures, imitated
        self.config = config
        self.stage = stage
        self.lesson = lesson
        self.tokenizer = tokenizer
        self.groups = group_products(products)
        self.facts = number_facts(products)
        self.types = _numbered([_type(item, stage) for item in products])
        self.begin(0)

    def begin(self, epoch: int, *, skip: int = 0) -> None:
        """Shuffle the products and draw their texts for an epoch, and skip its first `skip` batches."""
        self.epoch, self.skip = epoch, skip
        config = self.config
        rng = random.Random(f"{config.seed} {epoch}")
        order = np.random.default_rng((config.seed, epoch))
        shuffled = shuffle(self.types, self.stage.same_type, order, alone=self.stage.alone)
        self.order = shuffled[: self.stage.epoch_products or None]
        drawn = draw_texts(self.products, self.stage.texts or config.texts, rng)
        self.states = np.array([item.states for item in drawn])
        self.texts = _numbered([item.text.lower() for item in drawn])
        written = [
            disturb(item.text, rng, typo_rate=config.typo_rate, cut_rate=config.cut_rate) for item in drawn
        ]
        self.tokens = tokenize(self.tokenizer, written, self.stage.max_tokens or config.text.max_tokens)

    @property
    def per_epoch(self) -> int:
        """Number of batches in a whole epoch."""
        return len(self.order) // self.config.batch_size

    def __len__(self) -> int:
        return self.per_epoch - self.skip

    def __getitem__(self, index: int):
        index += self.skip
        size = self.config.batch_size
        rows = self.order[index * size : (index + 1) * size]
        rng = np.random.default_rng((self.config.seed, self.epoch, index))
        values = self.pictures.rows(rows, rng)
        if self.pictures.kind == "pixels":
            how = self.config.augmentation
            values = mirror(values, how, rng) if self.pictures.copied else augment(values, how, rng)
        inputs = {self.pictures.kind: values, "tokens": self.tokens[rows]}
        truth = {"true": self._true(rows), "facts": self.facts[rows]}
        if self.lesson is not None:
            chosen = np.random.default_rng((self.config.seed, self.epoch, index, LESSON)).integers(
                len(self.lesson), size=len(rows)
            )
            inputs["taught"], truth["taught"] = self.lesson.tokens[chosen], self.lesson.targets[chosen]
        if self.imitated is not None:
            truth["imitated"] = self.imitated[rows]
        return inputs, truth

    def _true(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        groups, texts, states = self.groups[rows], self.texts[rows], self.states[rows]
        stated = true_of(self.facts[rows], self.facts[rows], states)
        return (groups[:, None] == groups) | (texts[:, None] == texts) | stated


def shuffle(
    types: NDArray[np.int32], together: int, rng: np.random.Generator, *, alone: float = 0.0
) -> NDArray[np.int64]:
    """Shuffle rows (n,) so that up to `together` rows of equal `types` (n,) are adjacent; a share `alone` is not grouped."""
    order = rng.permutation(len(types))
    if together <= 1:
        return order
    single, order = np.split(order, [round(alone * len(order))])
    order = order[np.argsort(types[order], kind="stable")]
    runs = [
        rows[start : start + together]
        for rows in np.split(order, np.flatnonzero(np.diff(types[order])) + 1)
        for start in range(0, len(rows), together)
    ]
    runs.extend(single[:, None])
    return np.concatenate([runs[number] for number in rng.permutation(len(runs))])


def true_of(
    products: NDArray[np.int32], authors: NDArray[np.int32], states: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return (n, m) bool: whether product i has, or where data are missing may have, all facts that text j states.

    Args:
        products: (n, k) numbered facts; 0 is unknown.
        authors: (m, k) numbered facts of the products that the texts belong to.
        states: (m, k) which of these facts each text states; none for a text that states more than facts.
    """
    fits = (products[:, None] == authors) | (products[:, None] == 0) | ~states
    return fits.all(axis=-1) & states.any(axis=-1)


def number_facts(products: Sequence[Product]) -> NDArray[np.int32]:
    """Return (n, k) int32: each product's facts by number, 0 for an unknown one."""
    columns = []
    for values in zip(*map(facts, products), strict=True):
        numbers = {value: number for number, value in enumerate(sorted({""} | set(values)))}
        columns.append([numbers[value] for value in values])
    return np.array(columns, dtype=np.int32).T


def fact_counts(products: Sequence[Product]) -> list[int]:
    """Return (k,): the number of classes of each fact, including the unknown one."""
    return [int(highest) + 1 for highest in number_facts(products).max(axis=0)]


def group_products(products: Sequence[Product]) -> NDArray[np.int32]:
    """Number products so that those with the same name or picture share a number, directly or through others."""
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


def _type(product: Product, stage: Stage) -> str:
    return f"{product.catalogue} {product.article_type} {product.colour if stage.same_colour else ''}"


def _numbered(values: Sequence[str]) -> NDArray[np.int32]:
    return np.unique(np.array(values, dtype=object), return_inverse=True)[1].astype(np.int32)
