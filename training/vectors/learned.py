"""Word vectors learned from a catalogue's own texts: skip-gram with negative sampling.

Mikolov et al.: Distributed Representations of Words and Phrases and their Compositionality (NIPS 2013).
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np
from tqdm import tqdm

from .words import WordVectors

_WORD = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*")


def split_words(text: str) -> list[str]:
    """Return a text's words in lower case, without punctuation; "t-shirt" stays one word."""
    return _WORD.findall(text.lower())


def learn_vectors(
    texts: Iterable[str],
    *,
    dimension: int = 300,
    epochs: int = 10,
    least: int = 3,
    window: int = 5,
    seed: int = 1,
    progress: bool = True,
) -> WordVectors:
    """Learn one vector per word; a text that comes twice counts once.

    One thread does it, so that the same texts and seed give the same vectors.

    Args:
        texts: what to learn from.
        dimension: values per vector.
        epochs: how often every text is read.
        least: words that come less often get no vector.
        window: how many words on each side belong to a word.
        seed: of all chance.
        progress: whether to show a bar on stderr.

    Raises:
        ValueError: no word comes `least` times.
    """
    from gensim.models import Word2Vec

    sentences = [split_words(text) for text in dict.fromkeys(texts)]
    model = Word2Vec(
        vector_size=dimension, window=window, min_count=least, sg=1, negative=10, workers=1, seed=seed
    )
    model.build_vocab(sentences)
    if not len(model.wv):
        raise ValueError(f"No word comes {least} times.")
    with tqdm(total=epochs * len(sentences), unit="text", disable=not progress, mininterval=1.0) as bar:
        model.train(_Shown(sentences, bar), total_examples=len(sentences), epochs=epochs)
    return WordVectors(tuple(model.wv.index_to_key), np.array(model.wv.vectors, dtype=np.float32))


class _Shown:
    """Sentences that advance a bar whenever they are read."""

    def __init__(self, sentences: Sequence[list[str]], bar: tqdm) -> None:
        self.sentences = sentences
        self.bar = bar

    def __iter__(self):
        for sentence in self.sentences:
            yield sentence
            self.bar.update()
