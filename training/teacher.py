"""A teacher of the text encoder: the packaged MiniLM, which knows words that a catalogue lacks.

It is asked which of the catalogue's texts a shopper's text is like. The text encoder's own embeddings of those, weighted by
likeness, are the target of the shopper's text: so a word lands near what it means in the joint space. The teacher is not part of
an artifact.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tqdm import tqdm

from .config import Config, TextSection
from .data import Product
from .embeddings import encode_texts, write_array
from .models.joint import JointModel
from .models.text import bert_features, packaged_bert
from .texts import attribute_text
from .tokens import bert_tokenizer, tokenize
from .vocabulary import shopper_texts, unfamiliar

WIDTH = 384  # values per sentence embedding
MAX_TOKENS = 32
BATCH = 256
MOST_NAMES = 14_000  # that shoppers' texts are compared with
TEMPERATURE = 0.04  # of the softmax over likenesses


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Shoppers' texts and where they belong, row by row."""

    tokens: NDArray[np.int32]  # (n, steps)
    targets: NDArray[np.float32]  # (n, dimension), of unit length

    def __len__(self) -> int:
        return len(self.targets)


def prepare_lesson(
    model: JointModel,
    tokenizer: Tokenizer,
    products: Sequence[Product],
    config: Config,
    cache: Path,
    file: Path,
) -> Lesson:
    """Prepare the lesson of a stage, or the rest of it.

    Args:
        model: the model as it is when the stage begins.
        tokenizer: the run's tokenizer.
        products: the training products.
        config: the run's configuration.
        cache: folder for the teacher's sentence embeddings.
        file: where the targets are kept: where it exists they are read, so that a resumed stage goes on with the same ones.

    Raises:
        MissingBertError: keras-hub or the packaged weights are not installed.
    """
    texts = unfamiliar(shopper_texts(), products)
    tokens = tokenize(tokenizer, texts, config.text.max_tokens)
    tokens = tokens[:, : max(1, int((tokens != 0).sum(axis=1).max(initial=1)))]
    if not file.exists():
        known = catalogue_texts(products, config.seed)
        taught = sentence_embeddings([*texts, *known], cache)
        embedded = encode_texts(model, tokenizer, known, config)
        write_array(file, blend(taught[: len(texts)], taught[len(texts) :], embedded))
    return Lesson(tokens, np.load(file))


def catalogue_texts(products: Sequence[Product], seed: int) -> list[str]:
    """Return the distinct facts of products as texts, and up to 14,000 of their names, in alphabetical order."""
    facts = {attribute_text(product) for product in products}
    facts |= {
        value
        for product in products
        for value in (product.article_type, product.subcategory, product.category, product.colour)
    }
    names = sorted({product.name for product in products} - facts)
    chosen = random.Random(seed).sample(names, min(MOST_NAMES, len(names)))
    return sorted({*facts, *chosen} - {""})


def blend(
    texts: NDArray[np.float32], known: NDArray[np.float32], embedded: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (n, d): for each text the mean of the known texts' embeddings, weighted by likeness, of unit length.

    Args:
        texts: (n, w) the teacher's embeddings of the texts, of unit length.
        known: (m, w) the teacher's embeddings of the known texts.
        embedded: (m, d) the known texts in the joint space.
    """
    likeness = texts @ known.T / TEMPERATURE
    weights = np.exp(likeness - likeness.max(axis=1, keepdims=True))
    means = (weights / weights.sum(axis=1, keepdims=True)) @ embedded
    return (means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def sentence_embeddings(texts: Sequence[str], cache: Path, *, progress: bool = True) -> NDArray[np.float32]:
    """Return MiniLM's embeddings (n, 384) of n texts, of unit length: the mean of its last hidden states.

    Args:
        texts: the texts; the same one may occur several times.
        cache: folder whose files are named by a digest of the texts.
        progress: whether to show a progress bar on stderr.

    Raises:
        MissingBertError: keras-hub or the packaged weights are not installed.
    """
    distinct = list(dict.fromkeys(texts))
    digest = hashlib.sha256("\n".join(distinct).encode(errors="surrogatepass")).hexdigest()[:32]
    file = cache / f"minilm-{digest}.npy"
    if not file.exists():
        write_array(file, _encode(distinct, progress=progress))
    numbers = {text: number for number, text in enumerate(distinct)}
    embeddings: NDArray[np.float32] = np.load(file)
    return embeddings[[numbers[text] for text in texts]]


def _encode(texts: Sequence[str], *, progress: bool) -> NDArray[np.float32]:
    tokens = tokenize(bert_tokenizer(packaged_bert() / "vocab.txt"), texts, MAX_TOKENS)
    inputs = keras.Input((None,), dtype="int32")
    encoder = keras.Model(inputs, bert_features(inputs, TextSection(encoder="bert", frozen=True)))
    # Texts of about the same length together, in a few lengths only: each is a graph of its own.
    lengths = np.maximum(4, -(-(tokens != 0).sum(axis=1) // 4) * 4)
    found = np.zeros((len(texts), WIDTH), dtype=np.float32)
    with tqdm(total=len(texts), desc="MiniLM", unit="text", disable=not progress) as bar:
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            for start in range(0, len(rows), BATCH):
                part = rows[start : start + BATCH]
                padded = np.ones((BATCH, length), dtype=np.int32)
                padded[: len(part)] = tokens[part, :length]
                found[part] = np.asarray(encoder.predict_on_batch(padded))[: len(part)]
                bar.update(len(part))
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
