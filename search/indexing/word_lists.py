"""Count the words of the version that searches use, and keep them where web processes load them from."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise

from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from ..facets import FacetValue, parse_token
from ..models import IndexEntry, IndexVersion, WordList
from ..models.entries import EntryQuerySet
from ..query.names import NameCollector, Vocabulary, Word
from ..resilience import Attempts
from ..text import fold, is_word, parts, spelt_words
from .connections import unhurried

# Count the words of a catalogue, product by product.


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
        for word in spelt_words(brand):
            if is_word(word[0]):
                self._brands.setdefault(fold(word[0]), Counter())[word[0]] += 1
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
    for found in spelt_words(text):
        cut = parts(found[0])
        row += cut
        spellings |= dict.fromkeys(word for word in (found[0], *cut) if is_word(word))
    keys = {spelling: fold(spelling) for spelling in spellings}
    return _Read(
        keys=frozenset(keys.values()),
        pairs=frozenset(f"{fold(left)} {fold(right)}" for left, right in pairwise(row)),
        plain=frozenset(key for word, key in keys.items() if key == word.lower()),
        marked=frozenset((key, word.lower()) for word, key in keys.items() if key != word.lower()),
    )


CHUNK = 5000  # entries per read


@unhurried()
def refresh_word_list() -> bool:
    """Count the words of the serving version if its entries have changed since; return whether they were counted.

    Raises:
        Exception: an entry could not be counted; all others were, and the next round tries again.
        ExceptionGroup: several could not be.
    """
    version = IndexVersion.objects.serving()
    if version is None:
        return False
    entries = IndexEntry.objects.in_version(version.pk)
    source = _state(entries)
    if WordList.objects.filter(pk=version.pk, source=source).exists():
        return False
    counter, collector, attempts = WordCounter(), NameCollector(), Attempts("Counting the words of names")
    with transaction.atomic():  # which the cursor must not outlive
        for key, name, brand, keywords, facets in _read_entries(entries):
            with attempts.at(f"product {key}"):
                counter.add(name=name, brand=brand, keywords=keywords, values=[value for _, value in facets])
                collector.add(key, name=name, brand=brand, facets=facets)
    vocabulary, names = counter.vocabulary().pack(), collector.names().pack()
    WordList.objects.update_or_create(
        version=version,
        defaults={
            "source": "" if attempts.errors else source,
            "stamp": sha256(vocabulary + names).hexdigest(),
            "vocabulary": vocabulary,
            "names": names,
            "made_at": timezone.now(),
        },
    )
    attempts.raise_any()
    return True


def _state(entries: EntryQuerySet) -> str:
    """Words that change whenever an entry is written, added or deleted."""
    counted = entries.aggregate(count=Count("*"), last=Max("updated_at"))
    return f"{counted['count']} entries, the last written {counted['last']}"


def _read_entries(entries: EntryQuerySet) -> Iterator[tuple[str, str, str, str, list[FacetValue]]]:
    # What is in stock and new comes first, in suggestions as well.
    ordered = entries.order_by("-in_stock", "-created", "product_key")
    columns = ordered.values_list("product_key", "name", "brand", "keywords", "facets")
    for key, name, brand, keywords, tokens in columns.iterator(chunk_size=CHUNK):
        yield key, name, brand, keywords, [parse_token(token) for token in tokens]
