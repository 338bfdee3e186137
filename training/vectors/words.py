"""Words and their vectors."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


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
            raise ValueError("A word stands there twice.")

    @property
    def dimension(self) -> int:
        """Values per vector."""
        return self.matrix.shape[1]

    def lookup(self, words: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the words' vectors (n, d), zeros for an unknown one, and which are known (n,).

        A word that is not there as it is written is looked up in lower case.
        """
        rows = np.array([self._row(word) for word in words], dtype=np.int64)
        known = rows >= 0
        found = np.zeros((len(words), self.dimension), dtype=np.float32)
        found[known] = self.matrix[rows[known]]
        return found, known

    def mean(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean vector (d,) of those words that are known.

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
        asked = word.split()
        wanted = self.mean(asked)
        lengths = np.linalg.norm(self.matrix, axis=1) * np.linalg.norm(wanted)
        cosine = self.matrix @ wanted / np.where(lengths > 0, lengths, 1.0)
        own = {self._row(part) for part in asked}
        order = [row for row in np.argsort(-cosine, kind="stable") if row not in own][:count]
        return [(self.words[row], float(cosine[row])) for row in order]

    def _row(self, word: str) -> int:
        return self.rows.get(word, self.rows.get(word.lower(), -1))
