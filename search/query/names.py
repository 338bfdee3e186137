"""The words of one version: names for suggestions and codes, a vocabulary for the speller, and how a process gets them.

Names are kept in parts of a megabyte, of which a process reads one at a time: a million products have some eighty of them.
"""

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import WordList, WordListPart
from ..session import on_primary
from ..text import fold, parts, spelt_words, split, stem
from .rows import Arrays, Mask, Postings, PrefixIndex, Rows, Texts

Word = tuple[str, int]  # of a vocabulary: as it is shown, number of products
NO_FACET = ""  # stands for the facet where the value is a brand
Value = tuple[str, str, int]  # facet, or NO_FACET; value; number of products

SHORTEST_CODE = 4  # characters; shorter ones are sizes and models that many products share
PART = 1 << 20  # bytes of a kept part
TRIES = 3  # to read names whose parts are replaced meanwhile
_INDEXES = ("products", "value_words", "codes")
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
class Names:
    """What suggestions are made from: products in the order in which they are suggested, and values, commonest first."""

    keys: Texts  # product keys
    products: PrefixIndex  # over the words of name and brand
    values: list[Value]
    value_words: PrefixIndex
    having: Postings  # the products that have each value
    codes: PrefixIndex  # over SKUs and the codes in names
    titles: Rows  # (products,) the first product of the same name
    kinds: Rows  # the values that say what a product is
    spellings: Mapping[str, str]  # of folded words that are spelt otherwise

    def __contains__(self, word: object) -> bool:
        """Whether any product has the folded word in its name, its brand or a value."""
        return isinstance(word, str) and bool(self.products.whole(word) or self.value_words.whole(word))

    def number_with(self, value: int, among: Mask) -> int:
        """How many of the products have a value, given by its place among `values`."""
        return int(self.having.counts(range(value, value + 1), among)[0])

    def spelt(self, word: str) -> str:
        """A folded word as the catalogue writes it ("tshirt": "t-shirt")."""
        return self.spellings.get(word, word)

    def pack(self) -> Iterator[bytes]:
        """Return it as bytes for the database, one part after the other."""
        arrays = self.keys.arrays("keys") | self.having.arrays("having")
        for name in _INDEXES:
            arrays |= getattr(self, name).arrays(name)
        arrays |= {"titles": self.titles, "kinds": self.kinds}
        texts = json.dumps([self.values, dict(self.spellings)]).encode()
        arrays["texts"] = np.frombuffer(texts, np.uint8)
        described = [(name, array.dtype.str, array.shape) for name, array in arrays.items()]
        yield json.dumps(described).encode()
        waiting = bytearray()
        for array in arrays.values():
            flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
            for start in range(0, len(flat), PART):
                waiting += flat[start : start + PART].tobytes()
                while len(waiting) >= PART:
                    yield bytes(waiting[:PART])
                    del waiting[:PART]
        yield bytes(waiting)

    @classmethod
    def unpack(cls, packed: Iterable[bytes]) -> "Names":
        """Return what `pack` made bytes of."""
        rest = iter(packed)
        arrays: dict[str, NDArray[Any]] = {}
        part = memoryview(b"")
        for name, kind, shape in json.loads(next(rest)):
            array = np.empty(shape, np.dtype(kind))
            flat, at = array.reshape(-1).view(np.uint8), 0
            while at < len(flat):
                part = part or memoryview(next(rest))
                taken = min(len(part), len(flat) - at)
                flat[at : at + taken] = np.frombuffer(part[:taken], np.uint8)
                part, at = part[taken:], at + taken
            arrays[name] = array
        return cls._of(arrays)

    @classmethod
    def _of(cls, arrays: Arrays) -> "Names":
        values, spellings = json.loads(arrays["texts"].tobytes())
        products, value_words, codes = (PrefixIndex.from_arrays(arrays, name) for name in _INDEXES)
        return cls(
            keys=Texts.from_arrays(arrays, "keys"),
            products=products,
            values=[(facet, value, count) for facet, value, count in values],
            value_words=value_words,
            having=Postings.from_arrays(arrays, "having"),
            codes=codes,
            titles=arrays["titles"],
            kinds=arrays["kinds"],
            spellings=spellings,
        )


_lock = Lock()
_kept: list[tuple[tuple[int, str], Names]] = []  # the last ones that were asked for


def names_of(version_id: int, stamp: str) -> Names:
    """Return the names of a version as they are kept, unpacked once per process and stamp.

    Those that the process had are forgotten first, and whoever asks meanwhile waits: it has room for one.

    Raises:
        LookupError: they are replaced again and again while they are read, or were deleted with their version.
    """
    with _lock:
        if _kept and _kept[0][0] == (version_id, stamp):
            return _kept[0][1]
        _kept.clear()
        for _ in range(TRIES):
            with on_primary():  # a replica may not have what the stamp stands for yet
                names = _read(version_id)
            if names is not None:
                _kept.append(((version_id, stamp), names))
                return names
    raise LookupError(f"The names of version {version_id} cannot be read.")


def forget_names() -> None:
    """Forget the names that this process has."""
    with _lock:
        _kept.clear()


def _read(version_id: int) -> Names | None:
    """Read the present names part by part; None where they were replaced meanwhile."""
    stamp = WordList.objects.values_list("stamp", flat=True).get(pk=version_id)
    parts = WordListPart.objects.filter(version_id=version_id, stamp=stamp)
    numbers = list(parts.order_by("number").values_list("number", flat=True))
    try:
        return Names.unpack(
            bytes(parts.values_list("data", flat=True).get(number=number)) for number in numbers
        )
    except (StopIteration, WordListPart.DoesNotExist):
        return None


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
