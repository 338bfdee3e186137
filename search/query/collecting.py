"""Names collected from products one by one, in memory that does not grow with the catalogue but for the names themselves.

What is collected of some thousands of products is sorted and written to a temporary file; in the end such runs are merged.
"""

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from heapq import merge
from itertools import groupby
from operator import itemgetter
from tempfile import TemporaryFile
from weakref import finalize

import numpy as np

from ..conf import get_settings
from ..facets import BRAND, CATEGORY, SIGN
from .names import NO_FACET, SHORTEST_CODE, Names, Vocabulary, bare_code, codes_of_name, title_of, words_of
from .rows import END, Postings, PrefixIndex, Rows, TextsInTheMaking

RUN = 10_000  # products, of which one run is made
PIECE = 1 << 13  # bytes that are read at a time

NO_WORDS = Vocabulary({}, frozenset())


@dataclass(frozen=True, slots=True)
class _Run:
    start: int  # where its texts begin in the file of texts
    stop: int
    at: int  # where its numbers begin in the file of numbers
    sizes: Rows  # (texts,) how many numbers each text has


class Runs:
    """Numbers by text, of any amount: sorted runs in temporary files, which are merged while they are read."""

    def __init__(self) -> None:
        # Closed with this object, whatever becomes of it.
        self._texts, self._numbers = TemporaryFile(buffering=PIECE), TemporaryFile(buffering=PIECE)  # noqa: SIM115
        finalize(self, self._texts.close)
        finalize(self, self._numbers.close)
        self._runs: list[_Run] = []

    def write(self, numbers: Mapping[str, "array[int]"]) -> None:
        """Add a run.

        Args:
            numbers: by text, which has no NUL.
        """
        start, at = self._texts.tell(), self._numbers.tell()
        ordered = sorted((text.encode(), own) for text, own in numbers.items())
        for text, own in ordered:
            self._texts.write(text + END)
            self._numbers.write(own)
        sizes = np.array([len(own) for _, own in ordered], np.uint32)
        self._runs.append(_Run(start, self._texts.tell(), at, sizes))

    def __iter__(self) -> Iterator[tuple[bytes, Rows]]:
        """Each text as UTF-8, sorted, with its numbers in the order in which they came."""
        self._texts.flush()
        self._numbers.flush()
        runs = [self._read(number, run) for number, run in enumerate(self._runs)]
        for text, found in groupby(merge(*runs), key=itemgetter(0)):
            numbers = [self._numbers_of(at, size) for _, _, at, size in found]
            yield text, numbers[0] if len(numbers) == 1 else np.concatenate(numbers)

    def _read(self, number: int, run: _Run) -> Iterator[tuple[bytes, int, int, int]]:
        at = run.at
        for text, size in zip(self._texts_of(run), run.sizes.tolist(), strict=True):
            yield text, number, at, size
            at += 4 * size

    def _texts_of(self, run: _Run) -> Iterator[bytes]:
        at, rest = run.start, b""
        while at < run.stop:
            piece = os.pread(self._texts.fileno(), min(PIECE, run.stop - at), at)
            at += len(piece)
            *texts, rest = (rest + piece).split(END)
            yield from texts

    def _numbers_of(self, at: int, size: int) -> Rows:
        return np.frombuffer(os.pread(self._numbers.fileno(), 4 * size, at), np.uint32)


class ManyCounts:
    """Counts of more texts than fit into memory.

    Args:
        most: texts that are held until they are written to a file.
    """

    def __init__(self, most: int = 50_000) -> None:
        self._most, self._held, self._runs = most, Counter[str](), Runs()

    def update(self, texts: Iterable[str]) -> None:
        """Count each text once."""
        self._held.update(texts)
        if len(self._held) > self._most:
            self._write()

    def most_common(self, number: int, least: int) -> list[str]:
        """Return the commonest texts that were counted `least` times, in the order of their letters.

        Args:
            number: how many at most; of equally common ones the first by their letters.
            least: how often they were counted at least.
        """
        self._write()
        sizes = array("I")
        for _, counts in self._runs:
            if (count := int(counts.sum())) >= least:
                sizes.append(count)
        if len(sizes) > number:
            least = int(np.partition(np.frombuffer(sizes, np.uint32), -number)[-number])
        surely = sum(size > least for size in sizes)
        spare = number - surely
        found = []
        for text, counts in self._runs:
            count = int(counts.sum())
            if count > least or (count == least and spare > 0):
                spare -= count == least
                found.append(text.decode())
        return found

    def _write(self) -> None:
        self._runs.write({text: array("I", [count]) for text, count in self._held.items()})
        self._held.clear()


class NameCollector:
    """Collects the names of products, which are added in the order in which they are to be suggested.

    Args:
        kind: the facet whose last value says what a product is; "" for none.
    """

    def __init__(self, kind: str = CATEGORY) -> None:
        self._kind, self._language = kind, get_settings().text_config
        self._kinds: set[str] = set()
        self._keys, self._length = TextsInTheMaking(), 0
        self._titles = array("Q")  # by which products of one name are known
        self._held: tuple[dict[str, array[int]], ...] = ({}, {}, {})
        self._runs = (Runs(), Runs(), Runs())  # of words, codes and values

    def add(
        self,
        key: str,
        *,
        name: str,
        brand: str,
        facets: Iterable[tuple[str, str]],
        sku: str = "",
        codes: Iterable[str] = (),
    ) -> None:
        """Add one product.

        Args:
            key: its product key.
            name: its name.
            brand: its brand, or "".
            facets: pairs of facet and value; those of the facet "brand" are passed over for `brand`.
            sku: its SKU.
            codes: other SKUs that find it.
        """
        row = self._length
        title = title_of(name, self._language)
        bare = {bare_code(sku), *map(bare_code, codes), *(code for code, _ in codes_of_name(name))}
        bare = {code for code in bare if len(code) >= SHORTEST_CODE and any(map(str.isdigit, code))}
        words = set(words_of(f"{name} {brand}"))
        facets = list(facets)
        values = {f"{facet}{SIGN}{value}" for facet, value in facets if facet != BRAND}
        if brand:
            values.add(f"{NO_FACET}{SIGN}{brand}")
        self._kinds.update([f"{facet}{SIGN}{value}" for facet, value in facets if facet == self._kind][-1:])
        # Nothing may fail from here on, so that no product is there in part.
        self._keys.add(key.encode())
        self._titles.append(_digest(title) if title else row)
        for held, texts in zip(self._held, (words, bare, values), strict=True):
            for text in texts:
                rows = held.get(text)
                if rows is None:
                    held[text] = rows = array("I")
                rows.append(row)
        self._length += 1
        if not self._length % RUN:
            self._write()

    def names(self, vocabulary: Vocabulary = NO_WORDS) -> Names:
        """Return what was collected, with words as the vocabulary shows them; to be called once."""
        self._write()
        words, codes, values = self._runs
        # What takes much beside what it gives comes first, while there is little else.
        titles = _first_of_each(self._titles)
        counted = ((text.decode(), len(rows)) for text, rows in values)
        ranked = sorted((-count, *_parsed(text)) for text, count in counted)
        places = {f"{facet}{SIGN}{value}": place for place, (_, facet, value) in enumerate(ranked)}
        having = _reordered(values, places, self._length)
        kinds = sorted(places[kind] for kind in self._kinds if kind in places)
        return Names(
            keys=self._keys.texts(),
            products=PrefixIndex.joined(iter(words), self._length),
            values=[(facet, value, -count) for count, facet, value in ranked],
            value_words=PrefixIndex.of(words_of(value) for _, _, value in ranked),
            having=having,
            codes=PrefixIndex.joined(iter(codes), self._length),
            titles=titles,
            kinds=np.array(kinds, np.uint32),
            spellings={key: shown for key, (shown, _) in vocabulary.words.items() if shown != key},
        )

    def _write(self) -> None:
        for runs, held in zip(self._runs, self._held, strict=True):
            runs.write(held)
            held.clear()


def _parsed(text: str) -> tuple[str, str]:
    facet, _, value = text.partition(SIGN)
    return facet, value


def _reordered(values: Runs, places: Mapping[str, int], length: int) -> Postings:
    """The rows of values, in the order of their places instead of that of their letters."""
    sorted_places = np.array([places[text.decode()] for text, _ in values], np.int64)
    kept = Postings.of((rows for _, rows in values), length)
    return kept.reordered(np.argsort(sorted_places))


def _first_of_each(digests: "array[int]") -> Rows:
    """For each row the first one of the same digest; empties the digests."""
    given = np.array(digests, np.uint64)
    del digests[:]
    order = np.argsort(given, kind="stable").astype(np.uint32)
    given = given[order]
    begins = np.ones(len(given), np.bool_)
    begins[1:] = given[1:] != given[:-1]
    del given
    first = np.empty(len(order), np.uint32)
    first[order] = order[np.maximum.accumulate(np.where(begins, np.arange(len(order), dtype=np.uint32), 0))]
    return first


def _digest(title: str) -> int:
    """A number that no row has, and that no other title has as far as chance goes."""
    return int.from_bytes(blake2b(title.encode(), digest_size=8).digest(), "big") | 1 << 63
