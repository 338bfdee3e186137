"""Texts, and rows by text, in little memory: what suggestions and codes of a large catalogue are looked up in.

A million products have eight million words and as many values. So texts lie one behind the other in one run of bytes, a set of rows
is one bit per row, and of each text it is kept in which rows it stands: as such bits where these are many, and else as
numbers of three bytes.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint32]  # (n,) numbers of rows
Bits = NDArray[np.uint64]  # (rows / 64,) one bit per row
Flags = NDArray[np.bool_]  # (rows,)
Arrays = Mapping[str, NDArray[Any]]

STEP = 16  # texts whose beginning is found by one number
END = b"\0"  # no text of Postgres has it
LOOKED_AT = 4096  # texts at a time
DENSE = 24  # a list of more than one row in so many takes fewer bytes as bits


class Texts:
    """Texts, one behind the other; sorted by their letters where they are looked up by their beginning.

    Args:
        blob: the texts as UTF-8, each with `END` behind it, `(bytes,)`.
        starts: where every `STEP`th begins, and the end of all.
        count: how many.
    """

    def __init__(self, blob: NDArray[np.uint8], starts: Rows, count: int) -> None:
        self.blob, self.starts, self._count = blob, starts, count

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> "Texts":
        """Join texts, given as UTF-8."""
        joined = TextsInTheMaking()
        for text in texts:
            joined.add(text)
        return joined.texts()

    def __iter__(self) -> Iterator[str]:
        for start in range(0, self._count, STEP):
            yield from self.run(range(start, min(start + STEP, self._count)))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < self._count:
            raise IndexError(place)
        return self._blocks(place // STEP, place // STEP + 1)[place % STEP].decode()

    @cached_property
    def letters(self) -> frozenset[str]:
        """The letters and digits that stand in any of them."""
        bytes_of_all = np.flatnonzero(np.bincount(self.blob, minlength=1))
        if not len(bytes_of_all) or bytes_of_all[-1] < 128:
            return frozenset(map(chr, bytes_of_all.tolist())) - {END.decode()}
        own = set[str]()
        for start in range(0, self._count, LOOKED_AT):
            own.update(*self.run(range(start, min(start + LOOKED_AT, self._count))))
        return frozenset(own)

    def run(self, span: range) -> list[str]:
        """Return the texts of a span of numbers."""
        if not span:
            return []
        first, last = span.start // STEP, (span.stop - 1) // STEP
        texts = self._blocks(first, last + 1)
        return [text.decode() for text in texts[span.start - first * STEP : span.stop - first * STEP]]

    def span(self, prefix: str) -> range:
        """Numbers of the texts that begin with the prefix, where they are sorted."""
        key = prefix.encode()
        first = self._place(key)
        return range(first, max(first, self._place(key + b"\xff")))

    def whole(self, text: str) -> range:
        """The number of the text itself; an empty range where it is not there."""
        first = self._place(text.encode())
        return range(first, first + (first < self._count and self[first] == text))

    def _place(self, key: bytes) -> int:
        low, high = 0, len(self.starts) - 1
        while low < high:
            middle = (low + high) // 2
            if self._blocks(middle, middle + 1)[0] < key:
                low = middle + 1
            else:
                high = middle
        return (low - 1) * STEP + bisect_left(self._blocks(low - 1, low), key) if low else 0

    def _blocks(self, first: int, last: int) -> list[bytes]:
        return self.blob[self.starts[first] : self.starts[last] - 1].tobytes().split(END)

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays to keep."""
        count = np.array([self._count], np.uint32)
        return {f"{name}.blob": self.blob, f"{name}.starts": self.starts, f"{name}.count": count}

    @classmethod
    def from_arrays(cls, arrays: Arrays, name: str) -> "Texts":
        """Return the texts whose arrays were kept under `name`."""
        return cls(arrays[f"{name}.blob"], arrays[f"{name}.starts"], int(arrays[f"{name}.count"][0]))


class TextsInTheMaking:
    """Takes texts one by one."""

    def __init__(self) -> None:
        self._blob, self._starts, self._count = bytearray(), array("I"), 0

    def add(self, text: bytes) -> None:
        """Add one, given as UTF-8."""
        if not self._count % STEP:
            self._starts.append(len(self._blob))
        self._blob += text
        self._blob += END
        self._count += 1

    def texts(self) -> Texts:
        """Return those that were added; to be called once."""
        self._starts.append(len(self._blob))
        blob, starts = np.frombuffer(self._blob, np.uint8), np.frombuffer(self._starts, np.uint32)
        return Texts(blob, starts, self._count)


@dataclass(frozen=True)
class Mask:
    """Which of some rows match."""

    bits: Bits
    length: int

    @classmethod
    def of(cls, flags: Flags) -> "Mask":
        """Return the mask of the rows that are flagged."""
        packed = np.packbits(flags, bitorder="little")
        padded = np.zeros(words_of_bits(len(flags)) * 8, np.uint8)
        padded[: len(packed)] = packed
        return cls(padded.view(np.uint64), len(flags))

    @classmethod
    def full(cls, length: int) -> "Mask":
        """Return the mask of all rows."""
        return cls.of(np.ones(length, np.bool_))

    @classmethod
    def empty(cls, length: int) -> "Mask":
        """Return the mask of none."""
        return cls(np.zeros(words_of_bits(length), np.uint64), length)

    def __and__(self, other: "Mask") -> "Mask":
        return Mask(self.bits & other.bits, self.length)

    def __or__(self, other: "Mask") -> "Mask":
        return Mask(self.bits | other.bits, self.length)

    def any(self) -> bool:
        """Whether any row matches."""
        return bool(self.bits.any())

    def count(self) -> int:
        """How many rows match."""
        return int(np.bitwise_count(self.bits).sum())

    @cached_property
    def flags(self) -> Flags:
        """For each row, whether it matches."""
        return np.unpackbits(self.bits.view(np.uint8), count=self.length, bitorder="little").view(np.bool_)

    def rows(self) -> NDArray[np.int64]:
        """The rows that match, ascending."""
        return np.flatnonzero(self.flags)


def words_of_bits(length: int) -> int:
    """Return how many numbers of 64 bits hold one bit per row."""
    return -(-length // 64)


@dataclass(frozen=True, slots=True)
class Postings:
    """Numbered lists of rows."""

    length: int  # number of rows
    starts: Rows  # (lists + 1,) where the rows of each list begin; of a dense list there are none
    low: NDArray[np.uint16]  # (rows of all lists,) the lower 16 bits of their numbers
    high: NDArray[np.uint16 | np.uint8]  # the others
    dense: Rows  # (dense lists,) their numbers, ascending
    bits: NDArray[np.uint64]  # (dense lists, rows / 64)

    @classmethod
    def of(cls, lists: Iterable[Rows], length: int) -> "Postings":
        """Keep lists of ascending rows below `length`."""
        kept = PostingsInTheMaking(length)
        for rows in lists:
            kept.add(rows)
        return kept.postings()

    def sizes(self, span: range) -> NDArray[np.int64]:
        """How many rows each list of the span has, `(len(span),)`."""
        sizes = np.diff(self.starts[span.start : span.stop + 1]).astype(np.int64)
        places = self._dense(span)
        if places:
            bits = np.bitwise_count(self.bits[places.start : places.stop])
            sizes[self.dense[places.start : places.stop] - span.start] = bits.sum(axis=1, dtype=np.int64)
        return sizes

    def reordered(self, order: NDArray[np.int64]) -> "Postings":
        """Return the lists in another order, given as the numbers that they have here."""
        kept = PostingsInTheMaking(self.length)
        for number in order.tolist():
            kept.add(self.rows(range(number, number + 1)))
        return kept.postings()

    def rows(self, span: range) -> Rows:
        """The rows of all lists of the span, each once per list, in no order; those of one list ascending."""
        sparse = self._sparse(span)
        found = [Mask(self.bits[place], self.length).rows() for place in self._dense(span)]
        return np.concatenate([sparse, *found]).astype(np.uint32) if found else sparse

    def mask(self, spans: Iterable[range]) -> Mask:
        """The rows in any list of the spans."""
        flags: Flags | None = None
        bits = np.zeros(words_of_bits(self.length), np.uint64)
        for span in spans:
            for place in self._dense(span):
                bits |= self.bits[place]
            if self.starts[span.start] < self.starts[span.stop]:
                flags = np.zeros(self.length, np.bool_) if flags is None else flags
                flags[self._sparse(span)] = True
        return Mask(bits if flags is None else bits | Mask.of(flags).bits, self.length)

    def counts(self, span: range, mask: Mask) -> NDArray[np.int64]:
        """How many rows of the mask each list of the span has, `(len(span),)`."""
        counts = np.zeros(len(span), np.int64)
        starts = self.starts[span.start : span.stop + 1].astype(np.int64) - int(self.starts[span.start])
        lists = np.flatnonzero(np.diff(starts))  # reduceat takes no empty ones
        if len(lists):
            held = mask.flags[self._sparse(span)]
            counts[lists] = np.add.reduceat(held, starts[lists], dtype=np.int64)
        places = self._dense(span)
        if places:
            both = np.bitwise_count(self.bits[places.start : places.stop] & mask.bits)
            counts[self.dense[places.start : places.stop] - span.start] = both.sum(axis=1, dtype=np.int64)
        return counts

    def _sparse(self, span: range) -> Rows:
        own = slice(int(self.starts[span.start]), int(self.starts[span.stop]))
        rows: Rows = np.left_shift(self.high[own], 16, dtype=np.uint32)
        rows |= self.low[own]
        return rows

    def _dense(self, span: range) -> range:
        first, last = np.searchsorted(self.dense, [span.start, span.stop])
        return range(int(first), int(last))

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays to keep."""
        length = np.array([self.length], np.uint32)
        own: dict[str, NDArray[Any]] = {
            "starts": self.starts,
            "low": self.low,
            "high": self.high,
            "dense": self.dense,
            "bits": self.bits,
        }
        return {f"{name}.{key}": value for key, value in own.items()} | {f"{name}.length": length}

    @classmethod
    def from_arrays(cls, arrays: Arrays, name: str) -> "Postings":
        """Return the lists whose arrays were kept under `name`."""
        length = int(arrays[f"{name}.length"][0])
        starts, low, high, dense, bits = (
            arrays[f"{name}.{key}"] for key in ("starts", "low", "high", "dense", "bits")
        )
        return cls(length, starts, low, high, dense, bits)


class PostingsInTheMaking:
    """Takes lists of rows one by one.

    Args:
        length: number of rows.
    """

    def __init__(self, length: int) -> None:
        self._length, self._wide = length, length > 1 << 24
        self._low, self._high = bytearray(), bytearray()
        self._starts, self._dense = array("I", [0]), array("I")
        self._bits: list[Bits] = []
        self._total = 0

    def add(self, rows: Rows) -> None:
        """Add the next list, ascending."""
        if len(rows) * DENSE > self._length:
            flags = np.zeros(self._length, np.bool_)
            flags[rows] = True
            self._dense.append(len(self._starts) - 1)
            self._bits.append(Mask.of(flags).bits)
        else:
            self._low += (rows & 0xFFFF).astype(np.uint16).tobytes()
            self._high += (rows >> 16).astype(self._upper).tobytes()
            self._total += len(rows)
        self._starts.append(self._total)

    def postings(self) -> Postings:
        """Return those that were added; to be called once."""
        return Postings(
            self._length,
            np.array(self._starts, np.uint32),
            np.frombuffer(self._low, np.uint16),
            np.frombuffer(self._high, self._upper),
            np.array(self._dense, np.uint32),
            np.stack(self._bits) if self._bits else np.zeros((0, words_of_bits(self._length)), np.uint64),
        )

    @property
    def _upper(self) -> type[np.uint8 | np.uint16]:
        return np.uint16 if self._wide else np.uint8


@dataclass(frozen=True, slots=True)
class PrefixIndex:
    """Rows of text by the beginnings of their words: sorted words, of which those with one prefix are one span."""

    words: Texts
    postings: Postings  # the rows that hold each word

    @classmethod
    def of(cls, texts: Iterable[Iterable[str]]) -> "PrefixIndex":
        """Index rows, each given as its words."""
        found: dict[str, array[int]] = {}
        length = 0
        for row, words in enumerate(texts):
            for word in set(words):
                found.setdefault(word, array("I")).append(row)
            length = row + 1
        ordered = sorted((word.encode(), rows) for word, rows in found.items())
        return cls.joined(((word, np.frombuffer(rows, np.uint32)) for word, rows in ordered), length)

    @classmethod
    def joined(cls, lists: Iterable[tuple[bytes, Rows]], length: int) -> "PrefixIndex":
        """Keep words, sorted by their letters, with their rows, which are below `length`."""
        words, postings = TextsInTheMaking(), PostingsInTheMaking(length)
        for word, rows in lists:
            words.add(word)
            postings.add(rows)
        return cls(words.texts(), postings.postings())

    @property
    def length(self) -> int:
        """Number of rows."""
        return self.postings.length

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays to keep."""
        return self.words.arrays(f"{name}.words") | self.postings.arrays(f"{name}.rows")

    @classmethod
    def from_arrays(cls, arrays: Arrays, name: str) -> "PrefixIndex":
        """Return the index whose arrays were kept under `name`."""
        return cls(Texts.from_arrays(arrays, f"{name}.words"), Postings.from_arrays(arrays, f"{name}.rows"))

    def span(self, prefix: str) -> range:
        """Numbers of the words that begin with the prefix."""
        return self.words.span(prefix)

    def whole(self, word: str) -> range:
        """The number of the word itself; an empty range where it is not there."""
        return self.words.whole(word)

    def held(self, span: range) -> Rows:
        """The rows that hold any word of the span, each once per word."""
        return self.postings.rows(span)

    def sizes(self, span: range) -> NDArray[np.int64]:
        """How many rows hold each word of the span, `(len(span),)`."""
        return self.postings.sizes(span)

    def matching(self, prefixes: Iterable[str]) -> Mask:
        """The rows of which, for every prefix, some word begins with it."""
        mask = Mask.full(self.length)
        for prefix in prefixes:
            mask &= self.postings.mask([self.span(prefix)])
        return mask

    def counts(self, span: range, mask: Mask) -> NDArray[np.int64]:
        """How many rows of the mask hold each word of the span, `(len(span),)`."""
        return self.postings.counts(span, mask)
