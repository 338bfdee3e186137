"""GloVe's text format: a word and its values on each line, set apart by single spaces.

Pennington, Socher, Manning: GloVe: Global Vectors for Word Representation (EMNLP 2014).
"""

import gzip
from pathlib import Path

import numpy as np

from .words import WordVectors


def read_vectors(path: Path) -> WordVectors:
    """Read a file of word vectors, plain or `.gz`; a first line of two numbers, as word2vec writes, is passed over.

    The first of two lines of one word counts. A word may itself hold spaces, as some of GloVe's do.

    Raises:
        ValueError: a line has too few values, or one that is no finite number; the message has its number.
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
