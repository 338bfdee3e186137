"""The words of one version, packed for the database: names for suggestions, a vocabulary for the speller."""

import io
import json
import zlib
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..facets import BRAND
from ..text import fold, parts, spelt_words

Rows = NDArray[np.uint32]  # (n,) numbers of rows
Mask = NDArray[np.bool_]  # (rows,) which rows match

Word = tuple[str, int]  # of a vocabulary: as it is shown, number of products
NO_FACET = ""  # stands for the facet where the value is a brand
Value = tuple[str, str, int]  # facet, or NO_FACET; value; number of products

_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the speller of one version knows: the words of names, brands, facet values and keywords."""

    # By folded word. A facet value of two words is here as one word, too: "flipflops" is shown "flip flops".
    words: Mapping[str, Word]
    pairs: frozenset[str]  # "polo shirt": folded words that stand side by side in several products

    def pack(self) -> bytes:
        """Return it as bytes for the database."""
        words = "\n".join(f"{key}\t{shown}\t{count}" for key, (shown, count) in sorted(self.words.items()))
        return zlib.compress(json.dumps([words, "\n".join(sorted(self.pairs))]).encode(), level=1)

    @classmethod
    def unpack(cls, packed: bytes) -> "Vocabulary":
        """Return what `pack` made bytes of."""
        words, pairs = json.loads(zlib.decompress(packed))
        rows = (line.split("\t") for line in words.split("\n") if line)
        return cls(
            {key: (shown, int(count)) for key, shown, count in rows},
            frozenset(pairs.split("\n") if pairs else ()),
        )


@dataclass(frozen=True, slots=True)
class PrefixIndex:
    """Rows of text by the beginnings of their words: sorted words, of which those with one prefix are one slice."""

    words: list[str]
    starts: Rows  # (words + 1,) where the rows of each word begin in `rows`
    rows: Rows  # those that hold the first word, ascending, then the second ...
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


@dataclass(frozen=True, slots=True)
class Names:
    """What suggestions are made from: products in the order in which they are suggested, and values, commonest first."""

    keys: list[str]  # product keys
    products: PrefixIndex  # over the words of name and brand
    values: list[Value]
    value_words: PrefixIndex

    def pack(self) -> bytes:
        """Return it as bytes for the database."""
        file = io.BytesIO()
        texts = ["\n".join(self.products.words), "\n".join(self.value_words.words), self.keys, self.values]
        text = np.frombuffer(json.dumps(texts).encode(), np.uint8)
        arrays = self.products.arrays("products") | self.value_words.arrays("values")
        np.savez(file, allow_pickle=False, text=text, **arrays)
        return file.getvalue()

    @classmethod
    def unpack(cls, packed: bytes) -> "Names":
        """Return what `pack` made bytes of."""
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            words, value_words, keys, values = json.loads(arrays["text"].tobytes())
            return cls(
                keys=keys,
                products=PrefixIndex.from_arrays(words, arrays, "products"),
                values=[(facet, value, count) for facet, value, count in values],
                value_words=PrefixIndex.from_arrays(value_words, arrays, "values"),
            )


class NameCollector:
    """Collects the names of products, which are added in the order in which they are to be suggested."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._words: list[list[str]] = []
        self._values: Counter[tuple[str, str]] = Counter()

    def add(self, key: str, *, name: str, brand: str, facets: Iterable[tuple[str, str]]) -> None:
        """Add one product.

        Args:
            key: its product key.
            name: its name.
            brand: its brand, or "".
            facets: pairs of facet and value; those of the facet "brand" are passed over for `brand`.
        """
        self._keys.append(key)
        self._words.append(words_of(f"{name} {brand}"))
        self._values.update((facet, value) for facet, value in facets if facet != BRAND)
        if brand:
            self._values[NO_FACET, brand] += 1

    def names(self) -> Names:
        """Return what was collected."""
        ranked = sorted(self._values.items(), key=lambda item: (-item[1], item[0]))
        values = [(facet, value, count) for (facet, value), count in ranked]
        return Names(
            keys=self._keys,
            products=PrefixIndex.of(self._words),
            values=values,
            value_words=PrefixIndex.of(words_of(value) for _, value, _ in values),
        )


def words_of(text: str) -> list[str]:
    """The folded words of a text; a hyphened one whole and in parts."""
    return [fold(part) for word in spelt_words(text) for part in dict.fromkeys((word[0], *parts(word[0])))]


def typed_words(text: str) -> Sequence[str]:
    """The folded words of what is being typed."""
    return list(dict.fromkeys(fold(word[0]) for word in spelt_words(text)))
