"""Word vectors: read from GloVe's text format, or learned from a catalogue's own texts."""

import gzip
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

__all__ = ["WordVectors", "read_vectors", "write_vectors"]


@dataclass(frozen=True, slots=True, eq=False)
class WordVectors:
    """Distinct words and one vector each, row by row: `matrix` is (n, d) float32."""

    words: tuple[str, ...]
    matrix: NDArray[np.float32]
    rows: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.matrix.ndim != 2 or len(self.matrix) != len(self.words):
            raise ValueError(f"{len(self.words)} words do not fit a matrix of shape {self.matrix.shape}.")
        object.__setattr__(self, "rows", {word: row for row, word in enumerate(self.words)})
        if len(self.rows) != len(self.words):
            raise ValueError("A word occurs twice.")

    @property
    def dimension(self) -> int:
        """Values per vector."""
        return self.matrix.shape[1]

    def lookup(self, words: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the words' vectors (n, d), zeros for unknown ones, and which are known (n,).

        A word that is not found as written is looked up in lower case.
        """
        rows = np.array([self._row(word) for word in words], dtype=np.int64)
        known = rows >= 0
        found = np.zeros((len(words), self.dimension), dtype=np.float32)
        found[known] = self.matrix[rows[known]]
        return found, known

    def mean(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean vector (d,) of the known ones of these words.

        Raises:
            ValueError: none of them is known.
        """
        vectors, known = self.lookup(words)
        if not known.any():
            raise ValueError(f"None of the words {', '.join(words)!r} is known.")
        return vectors[known].mean(axis=0)

    def similar(self, word: str, count: int) -> list[tuple[str, float]]:
        """Return the `count` words nearest to a word, or to the mean of several, with their cosine, nearest first.

        Raises:
            ValueError: none of the words is known.
        """
        parts = word.split()
        wanted = self.mean(parts)
        lengths = np.linalg.norm(self.matrix, axis=1) * np.linalg.norm(wanted)
        cosine = self.matrix @ wanted / np.where(lengths > 0, lengths, 1.0)
        own = {self._row(part) for part in parts}
        order = [row for row in np.argsort(-cosine, kind="stable") if row not in own][:count]
        return [(self.words[row], float(cosine[row])) for row in order]

    def _row(self, word: str) -> int:
        return self.rows.get(word, self.rows.get(word.lower(), -1))


def read_vectors(path: Path) -> WordVectors:
    """Read a file in GloVe's text format, plain or `.gz`; a first line of two numbers, as word2vec writes, is skipped.

    Pennington, Socher, Manning: GloVe: Global Vectors for Word Representation (EMNLP 2014). The first of two lines of the same word counts. A word may contain spaces, as some of GloVe's do.

    Raises:
        ValueError: a line has too few values, or a value that is not a finite number; the message names the line.
    """
    words: dict[str, np.ndarray] = {}
    dimension = 0
    with _open(path, "rt") as file:
        for number, line in enumerate(file, start=1):
            parts = line.rstrip("\r\n").rstrip(" ").split(" ")
            if number == 1 and len(parts) == 2 and all(part.isdecimal() for part in parts):
                dimension = int(parts[1])
                continue
            dimension = dimension or len(parts) - 1
            if dimension < 1 or len(parts) <= dimension:
                raise ValueError(f"{path}, line {number}: {len(parts) - 1} values, not {dimension}.")
            try:
                values = np.array(parts[-dimension:], dtype=np.float32)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
            if not np.isfinite(values).all():
                raise ValueError(f"{path}, line {number}: a value is not finite.")
            words.setdefault(" ".join(parts[:-dimension]), values)
    if not words:
        raise ValueError(f"{path} has no word vectors.")
    return WordVectors(tuple(words), np.stack(list(words.values())))


def write_vectors(vectors: WordVectors, path: Path) -> None:
    """Write word vectors in GloVe's text format, compressed where the name ends in `.gz`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _open(path, "wt") as file:
        for word, values in zip(vectors.words, vectors.matrix, strict=True):
            file.write(f"{word} {' '.join(f'{value:.6g}' for value in values)}\n")


def _open(path: Path, mode: str):
    if path.suffix == ".gz":
        return gzip.open(path, mode, encoding="utf-8", newline="\n")
    return path.open(mode, encoding="utf-8", newline="\n")


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
    """Learn one vector per word by skip-gram with negative sampling; duplicate texts count once.

    Mikolov et al.: Distributed Representations of Words and Phrases and their Compositionality (NIPS 2013).

    It runs in one thread, so that the same texts and seed give the same vectors.

    Args:
        texts: the training texts.
        dimension: values per vector.
        epochs: passes over the texts.
        least: less frequent words get no vector.
        window: context words on each side of a word.
        seed: random seed.
        progress: whether to show a progress bar on stderr.

    Raises:
        ValueError: no word occurs `least` times.
    """
    from gensim.models import Word2Vec

    sentences = [split_words(text) for text in dict.fromkeys(texts)]
    model = Word2Vec(
        vector_size=dimension, window=window, min_count=least, sg=1, negative=10, workers=1, seed=seed
    )
    model.build_vocab(sentences)
    if not len(model.wv):
        raise ValueError(f"No word occurs {least} times.")
    with tqdm(total=epochs * len(sentences), unit="text", disable=not progress, mininterval=1.0) as bar:
        model.train(_WithProgress(sentences, bar), total_examples=len(sentences), epochs=epochs)
    return WordVectors(tuple(model.wv.index_to_key), np.array(model.wv.vectors, dtype=np.float32))


class _WithProgress:
    """Sentences that advance a progress bar when they are read."""

    def __init__(self, sentences: Sequence[list[str]], bar: tqdm) -> None:
        self.sentences = sentences
        self.bar = bar

    def __iter__(self):
        for sentence in self.sentences:
            yield sentence
            self.bar.update()
