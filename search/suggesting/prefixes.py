"""Rows of text by the beginnings of their words, in sorted arrays."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint32]  # (n,) numbers of rows
Mask = NDArray[np.bool_]  # (rows,) which rows match

_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class PrefixIndex:
    """Sorted words and, one after the other, the rows that hold each: words that share a prefix are one slice."""

    words: list[str]
    starts: Rows  # (words + 1,) where the rows of each word begin in `rows`
    rows: Rows  # rows of the first word, ascending, then of the second ...
    length: int  # number of rows

    @classmethod
    def of(cls, texts: Iterable[Iterable[str]]) -> "PrefixIndex":
        """Index rows, each given as its words."""
        found: dict[str, array[int]] = {}
        length = 0
        for row, words in enumerate(texts):
            for word in set(words):
                found.setdefault(word, array("I")).append(row)
            length = row + 1
        ordered = sorted(found)
        counts = [len(found[word]) for word in ordered]
        rows = b"".join(found[word].tobytes() for word in ordered)
        return cls(ordered, _starts(counts), np.frombuffer(rows, np.uint32), length)

    @classmethod
    def from_arrays(cls, words: str, arrays: Mapping[str, Rows], name: str) -> "PrefixIndex":
        """Return the index whose arrays were kept under `name`; see `arrays`."""
        length = int(arrays[f"{name}_length"][0])
        return cls(
            words.split("\n") if words else [], arrays[f"{name}_starts"], arrays[f"{name}_rows"], length
        )

    def arrays(self, name: str) -> dict[str, Rows]:
        """The arrays to keep beside the words."""
        length = np.array([self.length], np.uint32)
        return {f"{name}_starts": self.starts, f"{name}_rows": self.rows, f"{name}_length": length}

    def span(self, prefix: str) -> range:
        """Numbers of the words that begin with the prefix."""
        first = bisect_left(self.words, prefix)
        return range(first, bisect_left(self.words, prefix + _LAST, first))

    def matching(self, prefixes: Iterable[str]) -> Mask:
        """The rows of which, for every prefix, some word begins with it."""
        mask = np.ones(self.length, np.bool_)
        for prefix in prefixes:
            span = self.span(prefix)
            other = np.zeros(self.length, np.bool_)
            other[self.rows[self.starts[span.start] : self.starts[span.stop]]] = True
            mask &= other
        return mask

    def counts(self, span: range, mask: Mask) -> NDArray[np.int64]:
        """How many rows of the mask hold each word of the span, `(len(span),)`."""
        if not span:
            return np.zeros(0, np.int64)
        first = self.starts[span.start]
        held = mask[self.rows[first : self.starts[span.stop]]]
        places = (self.starts[span.start : span.stop] - first).astype(np.int64)
        return np.add.reduceat(held, places, dtype=np.int64)


def _starts(counts: list[int]) -> Rows:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32)
