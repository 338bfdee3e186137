"""The words of one version, packed for the database: names for suggestions, a vocabulary for the speller."""

import io
import json
import re
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..conf import get_settings
from ..facets import BRAND, CATEGORY
from ..models import WordList
from ..session import on_primary
from ..text import fold, parts, spelt_words, split, stem

Rows = NDArray[np.uint32]  # (n,) numbers of rows
Mask = NDArray[np.bool_]  # (rows,) which rows match

Word = tuple[str, int]  # of a vocabulary: as it is shown, number of products
NO_FACET = ""  # stands for the facet where the value is a brand
Value = tuple[str, str, int]  # facet, or NO_FACET; value; number of products

SHORTEST_CODE = 4  # characters; shorter ones are sizes and models that many products share
_LAST = "\U0010ffff"
_OF_VALUES = ("value_starts", "value_rows", "titles", "kinds")  # arrays of `Names`
_PIECE = re.compile(r"[^\W_]+(?:[-_./#][^\W_]+)*")
_PIECES = 4  # of which a code in a name is made at most: "GA 100 1A2DR"
_PIECE_LENGTH = 8  # characters of each of them
_PIECE_LETTERS = 4  # of one without digits, which stands in capitals


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


NO_WORDS = Vocabulary({}, frozenset())


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

    def whole(self, word: str) -> range:
        """The number of the word itself; an empty range where it is not there."""
        first = bisect_left(self.words, word)
        return range(first, first + (first < len(self.words) and self.words[first] == word))

    def held(self, span: range) -> Rows:
        """The rows that hold any word of the span, each once per word."""
        return self.rows[self.starts[span.start] : self.starts[span.stop]]

    def matching(self, prefixes: Iterable[str]) -> Mask:
        """The rows of which, for every prefix, some word begins with it."""
        mask = np.ones(self.length, np.bool_)
        for prefix in prefixes:
            other = np.zeros(self.length, np.bool_)
            other[self.held(self.span(prefix))] = True
            mask &= other
        return mask

    def counts(self, span: range, mask: Mask) -> NDArray[np.int64]:
        """How many rows of the mask hold each word of the span, `(len(span),)`."""
        if not span:
            return np.zeros(0, np.int64)
        first = self.starts[span.start]
        held = mask[self.held(span)]
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
    codes: PrefixIndex | None = None  # over SKUs and the codes in names; None in a list that was made without
    # Values of products, (products' values + 1,) and (all of them,): those of value n begin at starts[n]. Nothing in a list made without.
    value_starts: Rows = field(default_factory=lambda: np.zeros(0, np.uint32))
    value_rows: Rows = field(default_factory=lambda: np.zeros(0, np.uint32))
    titles: Rows = field(default_factory=lambda: np.zeros(0, np.uint32))  # the first product of the same name
    kinds: Rows = field(
        default_factory=lambda: np.zeros(0, np.uint32)
    )  # the values that say what a product is
    spellings: Mapping[str, str] = field(default_factory=dict)  # of folded words that are spelt otherwise

    def __contains__(self, word: object) -> bool:
        """Whether any product has the folded word in its name, its brand or a value."""
        return isinstance(word, str) and bool(self.products.whole(word) or self.value_words.whole(word))

    def having(self, value: int) -> Rows:
        """The products that have a value, given by its place among `values`."""
        if not len(self.value_starts):
            return self.value_rows
        return self.value_rows[self.value_starts[value] : self.value_starts[value + 1]]

    def spelt(self, word: str) -> str:
        """A folded word as the catalogue writes it ("tshirt": "t-shirt")."""
        return self.spellings.get(word, word)

    def pack(self) -> bytes:
        """Return it as bytes for the database."""
        file = io.BytesIO()
        texts = ["\n".join(self.products.words), "\n".join(self.value_words.words), self.keys, self.values]
        text = np.frombuffer(json.dumps(texts).encode(), np.uint8)
        arrays = self.products.arrays("products") | self.value_words.arrays("values")
        # Beside the texts, so that the release before reads these.
        arrays |= {name: getattr(self, name) for name in _OF_VALUES}
        arrays["spellings"] = np.frombuffer(json.dumps(dict(self.spellings)).encode(), np.uint8)
        if self.codes is not None:
            arrays |= self.codes.arrays("codes")
            arrays["code_words"] = np.frombuffer("\n".join(self.codes.words).encode(), np.uint8)
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
                codes=(
                    PrefixIndex.from_arrays(arrays["code_words"].tobytes().decode(), arrays, "codes")
                    if "code_words" in arrays
                    else None
                ),
                **{name: arrays[name] for name in _OF_VALUES if name in arrays},
                spellings=json.loads(arrays["spellings"].tobytes()) if "spellings" in arrays else {},
            )


@lru_cache(maxsize=1)
def names_of(version_id: int, _stamp: str) -> Names:
    """Return the names of a version as they are kept, unpacked once per process."""
    with on_primary():  # a replica may not have what the stamp stands for yet
        packed = WordList.objects.values_list("names", flat=True).get(pk=version_id)
    return Names.unpack(bytes(packed))


class NameCollector:
    """Collects the names of products, which are added in the order in which they are to be suggested.

    Args:
        kind: the facet whose last value says what a product is; "" for none.
    """

    def __init__(self, kind: str = CATEGORY) -> None:
        self._kind, self._language = kind, get_settings().text_config
        self._kinds: set[tuple[str, str]] = set()
        self._keys: list[str] = []
        self._words: list[list[str]] = []
        self._codes: list[list[str]] = []
        self._values: dict[tuple[str, str], array[int]] = {}  # the products that have each
        self._titles: dict[str, int] = {}  # names -> the first product that is called so
        self._same = array("I")

    def add(
        self, key: str, *, name: str, brand: str, facets: Iterable[tuple[str, str]], sku: str = ""
    ) -> None:
        """Add one product.

        Args:
            key: its product key.
            name: its name.
            brand: its brand, or "".
            facets: pairs of facet and value; those of the facet "brand" are passed over for `brand`.
            sku: its SKU.
        """
        self._keys.append(key)
        codes = (code for code, _ in codes_of_name(name))
        self._codes.append(
            [
                code
                for code in (bare_code(sku), *codes)
                if len(code) >= SHORTEST_CODE and any(map(str.isdigit, code))
            ]
        )
        self._words.append(words_of(f"{name} {brand}"))
        row = len(self._same)
        title = title_of(name, self._language)
        self._same.append(self._titles.setdefault(title, row) if title else row)
        facets = list(facets)
        self._kinds.update([one for one in facets if one[0] == self._kind][-1:])
        own = {(facet, value) for facet, value in facets if facet != BRAND}
        for value in own | ({(NO_FACET, brand)} if brand else set()):
            self._values.setdefault(value, array("I")).append(row)

    def names(self, vocabulary: Vocabulary = NO_WORDS) -> Names:
        """Return what was collected, with words as the vocabulary shows them."""
        ranked = sorted(self._values.items(), key=lambda item: (-len(item[1]), item[0]))
        values = [(facet, value, len(rows)) for (facet, value), rows in ranked]
        return Names(
            keys=self._keys,
            products=PrefixIndex.of(self._words),
            values=values,
            value_words=PrefixIndex.of(words_of(value) for _, value, _ in values),
            codes=PrefixIndex.of(self._codes),
            value_starts=_starts([len(rows) for _, rows in ranked]),
            value_rows=np.frombuffer(b"".join(rows.tobytes() for _, rows in ranked), np.uint32),
            kinds=np.array([n for n, (value, _) in enumerate(ranked) if value in self._kinds], np.uint32),
            titles=np.frombuffer(self._same.tobytes(), np.uint32),
            spellings={key: shown for key, (shown, _) in vocabulary.words.items() if shown != key},
        )


def bare_code(text: str) -> str:
    """Return a code as all its spellings have it: folded, letters and digits only ("GA-100-1A2DR": "ga1001a2dr")."""
    return "".join(filter(str.isalnum, fold(text)))


def codes_of_name(name: str) -> Iterator[tuple[str, str]]:
    """Find the codes in a name: bare, and as they are written. What spaces separate may be one ("GA 100 1A2DR"), and each of its pieces."""
    pieces = list(_PIECE.finditer(name))
    for first in range(len(pieces)):
        for last in range(first, min(first + _PIECES, len(pieces))):
            run = pieces[first : last + 1]
            if len(run) > 1 and not all(map(_is_piece, (piece[0] for piece in run))):
                break
            written = name[run[0].start() : run[-1].end()]
            if any(map(str.isdigit, written)):
                yield bare_code(written), written
                if len(run) == 1:
                    yield from ((bare_code(part), written) for part in parts(written) if not part.isdigit())


def _is_piece(text: str) -> bool:
    """Whether it may be a piece of a code: short, and with digits or a few capitals."""
    if len(text) > _PIECE_LENGTH:
        return False
    return any(map(str.isdigit, text)) or (text.isupper() and len(text) <= _PIECE_LETTERS)


def title_of(name: str, language: str) -> str:
    """Return what names share that say the same in other case, spelling, order or number; "" for one without words."""
    return "".join(sorted(stem(word.text, language) for word in split(name)))


def words_of(text: str) -> list[str]:
    """The folded words of a text; a hyphened one whole and in parts."""
    return [fold(part) for word in spelt_words(text) for part in dict.fromkeys((word[0], *parts(word[0])))]
