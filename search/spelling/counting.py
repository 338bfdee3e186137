"""Count the words of a catalogue, product by product."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from .vocabulary import Vocabulary, Word
from .words import chunks, fold, is_word, parts

PART = 3  # letters of each word of a facet value of two words; "tshirt" is right beside "T shirt"
PAIR_COUNT = 2  # products; a pair that stands in one product only may be a slip itself
MOST_PAIRS = 100_000


class WordCounter:
    """Takes products one by one and gives the vocabulary of all."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()  # folded word -> products
        self._spellings: dict[str, Counter[str]] = {}  # folded word -> spellings with hyphens and the like
        self._plain: set[str] = set()  # folded words that stand somewhere just so
        self._brands: dict[str, Counter[str]] = {}  # folded word -> spellings in brands
        self._pairs: Counter[str] = Counter()
        self._joined: dict[str, str] = {}  # "flipflops" -> "flip flops"
        self._joined_counts: Counter[str] = Counter()

    def add(self, *, name: str, brand: str, keywords: str, values: Iterable[str]) -> None:
        """Count one product.

        Args:
            name: its name.
            brand: its brand, or "".
            keywords: words that name it, in phrases separated by commas.
            values: its facet values.
        """
        values = list(values)
        found: set[str] = set()
        pairs: set[str] = set()
        marked: set[tuple[str, str]] = set()
        for text in dict.fromkeys((name, brand, *keywords.split(","), *values)):
            read = _read(text)
            found.update(read.keys)
            pairs.update(read.pairs)
            marked.update(read.marked)
            self._plain |= read.plain
        self._counts.update(found)
        self._pairs.update(pairs)
        for key, spelling in marked:
            self._spellings.setdefault(key, Counter())[spelling] += 1
        for chunk in chunks(brand):
            if is_word(chunk[0]):
                self._brands.setdefault(fold(chunk[0]), Counter())[chunk[0]] += 1
        for value in set(values):
            words = value.lower().split()
            if len(words) == 2 and all(is_word(word) and len(word) >= PART for word in words):
                joined = fold("".join(words))
                self._joined[joined] = " ".join(words)
                self._joined_counts[joined] += 1

    def vocabulary(self) -> Vocabulary:
        """Return what was counted."""
        words: dict[str, Word] = {key: (self._shown(key), count) for key, count in self._counts.items()}
        for key, shown in self._joined.items():
            if key not in self._plain:
                words[key] = (shown, self._joined_counts[key])
        pairs = [pair for pair, count in self._pairs.most_common(MOST_PAIRS) if count >= PAIR_COUNT]
        return Vocabulary(words, frozenset(pairs))

    def _shown(self, key: str) -> str:
        """Words that mostly stand in brands keep their capitals; others are small, with the usual hyphen."""
        count = self._counts[key]
        for spellings in (self._brands.get(key), self._spellings.get(key)):
            if spellings:
                spelling, times = spellings.most_common(1)[0]
                if 2 * times > count:
                    return spelling
        return key


@dataclass(frozen=True, slots=True)
class _Read:
    """What stands in one text."""

    keys: frozenset[str]  # folded words
    pairs: frozenset[str]
    plain: frozenset[str]  # folded words that are spelt just so
    marked: frozenset[
        tuple[str, str]
    ]  # the others with their spellings: with a hyphen, an apostrophe, an accent


@lru_cache(maxsize=65536)  # facet values and keywords repeat
def _read(text: str) -> _Read:
    row: list[str] = []
    spellings: dict[str, None] = {}
    for chunk in chunks(text):
        cut = parts(chunk[0])
        row += cut
        spellings |= dict.fromkeys(word for word in (chunk[0], *cut) if is_word(word))
    keys = {spelling: fold(spelling) for spelling in spellings}
    return _Read(
        keys=frozenset(keys.values()),
        pairs=frozenset(f"{fold(left)} {fold(right)}" for left, right in pairwise(row)),
        plain=frozenset(key for word, key in keys.items() if key == word.lower()),
        marked=frozenset((key, word.lower()) for word, key in keys.items() if key != word.lower()),
    )
