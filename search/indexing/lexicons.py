"""What is counted of a version's words, by workers, and kept where web processes load it from.

Queries are understood with the lexicon: the facet values and words that there are, and how similar nonsense comes to the embeddings. The
word list serves spelling and suggestions: words as they are shown, pairs of them, and names.
"""

import random
import string
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from time import monotonic

import numpy as np
from django.db import connection, transaction
from django.db.models import Count, Max, Model
from django.utils import timezone

from ..conf import get_settings
from ..encoders.cache import encoders_for
from ..facets import CATEGORY, TAGS, FacetValue, facet_of, has_value, parse_token, prefix_of, values_of
from ..models import EntryImage, IndexEntry, IndexVersion, VersionLexicon, WordList, WordListPart
from ..models.entries import EntryQuerySet
from ..query.collecting import ManyCounts, NameCollector
from ..query.names import Names, Vocabulary, Word
from ..registry import get_index
from ..resilience import Attempts
from ..session import search_session
from ..text import fold, is_word, one_line, parts, spelt_words, without_codes
from ..vectors import EmbeddingLiteral, to_literal
from .connections import unhurried
from .locks import confirm_locks

NONSENSE = 200  # words
NONSENSE_SHARE = 99  # percentile
NOISE_LIMIT_MS = 600_000  # for comparing all of it
CHUNK = 2000  # entries per read
REST = 10  # times as long as counting took, in which the words are not counted again
PART = 3  # letters of each word of a facet value of two words; "tshirt" is right beside "T shirt"
PAIR_COUNT = 2  # products; a pair that stands in one product only may be a slip itself
MOST_PAIRS = 100_000


# Of many entries with the same path Postgres returns one: nearly every entry differs from all others in its sizes.
_PATHS = """
SELECT DISTINCT ARRAY(
    SELECT token FROM unnest(facets) WITH ORDINALITY AS facet (token, place)
    WHERE starts_with(token, %s) ORDER BY place
)
FROM fashion_search_indexentry WHERE version_id = %s
"""


# By Django's delete(), whose signals have receivers, all of them would be read first.
_DROP_PARTS = """
DELETE FROM fashion_search_wordlistpart AS part
WHERE (part.version_id = %s AND part.stamp <> ALL(%s))
    OR NOT EXISTS (SELECT FROM fashion_search_wordlist AS list WHERE list.version_id = part.version_id)
"""


@unhurried()
def build_lexicon(version: IndexVersion) -> VersionLexicon:
    """Count facet values and words of a version, measure how similar nonsense comes, and keep both.

    Raises:
        ArtifactError: the version's artifact is missing or another one.
    """
    return _count(version, _noise(version))


@unhurried()
def refresh_lexicons() -> None:
    """Count the active version's words again where that was done too long ago.

    Raises:
        ArtifactError: the version's artifact is missing or another one; the words were counted all the same.
    """
    version = IndexVersion.objects.active()
    if version is None:
        return
    held = VersionLexicon.objects.filter(version=version).first()
    if held is None:
        build_lexicon(version)
    elif held.built_at <= timezone.now() - timedelta(seconds=get_settings().lexicon_seconds):
        with Attempts(f"Counting the words of {version}") as attempts:
            noise = held.image_noise, held.text_noise
            with attempts.at("how similar nonsense comes, which stays as it was"):
                noise = _noise(version)
            _count(version, noise)


def _count(version: IndexVersion, noise: tuple[float, float]) -> VersionLexicon:
    entries = IndexEntry.objects.in_version(version.pk)
    lexicon, _ = VersionLexicon.objects.update_or_create(
        version=version,
        defaults={
            "total": entries.count(),
            # An accepted tag is a word of its product; as a value it would take the word's meaning from all others.
            "facets": {
                token: count
                for token, count in entries.facet_counts()
                if has_value(token) and facet_of(token) != TAGS
            },
            "paths": _paths(version, CATEGORY),
            "lexemes": _lexemes(version),
            "image_noise": noise[0],
            "text_noise": noise[1],
            "built_at": timezone.now(),
        },
    )
    return lexicon


def _paths(version: IndexVersion, facet: str) -> list[list[str]]:
    """The distinct lists of values that entries have of one facet, in the order that the host gave."""
    with connection.cursor() as cursor:
        cursor.execute(_PATHS, [prefix_of(facet), version.pk])
        paths = {tuple(values_of(facet, tokens)) for (tokens,) in cursor.fetchall()}
    return sorted(
        map(list, filter(None, paths | _given_paths(facet, {value for path in paths for value in path})))
    )


def _given_paths(facet: str, known: Collection[str]) -> set[tuple[str, ...]]:
    """The paths of the host's own tree, down to the last value that a product has."""
    given = get_index().paths(facet) or ()
    found = {tuple(one_line(value) for value in path) for path in given}
    found = {path for path in found if path and all(value in known for value in path)}
    return found - {path[:end] for path in found for end in range(1, len(path))}


def nonsense() -> list[str]:
    """Words of four to nine random letters, the same ones every time."""
    letters = random.Random(1)
    return [
        "".join(letters.choices(string.ascii_lowercase, k=letters.randint(4, 9))) for _ in range(NONSENSE)
    ]


def _lexemes(version: IndexVersion) -> dict[str, int]:
    # ts_stat takes its query as text; the number is the version's own primary key.
    query = f"SELECT document FROM fashion_search_indexentry WHERE version_id = {int(version.pk)}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute("SELECT word, ndoc FROM ts_stat(%s)", [query])
        return dict(cursor.fetchall())


def _noise(version: IndexVersion) -> tuple[float, float]:
    """Similarities of nonsense words to their nearest picture and text: the 99th percentile of each."""
    embeddings = [to_literal(embedding) for embedding in encoders_for(version).encode_texts(nonsense())]
    with search_session(NOISE_LIMIT_MS):
        images = _nearest_similarities(EntryImage, "embedding", version, embeddings)
        texts = _nearest_similarities(IndexEntry, "text_embedding", version, embeddings)
    return _highest(images), _highest(texts)


def _nearest_similarities(
    model: type[Model], column: str, version: IndexVersion, embeddings: list[EmbeddingLiteral]
) -> list[float]:
    """Similarity of each embedding to its nearest one in a column, all in one statement; none where the column is empty."""
    indexed = f"{column}::halfvec({int(version.dimension)})"  # what the version's partial HNSW index is over
    # Names and numbers in it are the module's and the version's own.
    statement = (
        "SELECT -nearest.distance FROM unnest(%s::halfvec[]) AS nonsense(embedding) CROSS JOIN LATERAL"  # noqa: S608
        f" (SELECT {indexed} <#> nonsense.embedding AS distance FROM {model._meta.db_table}"
        f" WHERE version_id = {int(version.pk)} AND {column} IS NOT NULL ORDER BY distance LIMIT 1) AS nearest"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [embeddings])
        return [similarity for (similarity,) in cursor.fetchall()]


def _highest(similarities: list[float]) -> float:
    return float(np.percentile(similarities, NONSENSE_SHARE)) if similarities else 0.0


@unhurried()
def refresh_word_list() -> bool:
    """Count the words of the serving version if its entries have changed since; return whether they were counted.

    A list that took more than a tenth of WORD_LIST_SECONDS is left as it is for ten times as long as it took, so that a large catalogue
    which changes all the time keeps no worker busy with its words.

    Raises:
        Exception: an entry could not be counted; all others were, and the next round tries again.
        ExceptionGroup: several could not be.
    """
    version = IndexVersion.objects.serving()
    if version is None:
        return False
    entries = IndexEntry.objects.in_version(version.pk)
    kept = WordList.objects.filter(pk=version.pk).only("source", "made_at", "seconds").first()
    if kept is not None and _is_resting(kept):
        return False
    source = _source(entries)
    if kept is not None and kept.source == source:
        return False
    began = monotonic()
    counter, collector = WordCounter(), NameCollector(get_index().kind)
    attempts = Attempts("Counting the words of names")
    for key, sku, name, brand, written, facets in _read_entries(entries):
        keywords, codes = without_codes(written)
        with attempts.at(f"product {key}"):
            counter.add(name=name, brand=brand, keywords=keywords, values=[value for _, value in facets])
            collector.add(key, name=name, brand=brand, facets=facets, sku=sku, codes=codes)
    words = counter.vocabulary()
    confirm_locks()
    names = collector.names(words)
    _keep(version, "" if attempts.errors else source, words, names, monotonic() - began)
    attempts.raise_any()
    return True


def _is_resting(kept: WordList) -> bool:
    """Whether a list was made a short while ago, beside the time that this took, where that is more than its usual period."""
    rest = REST * kept.seconds
    made_ago = (timezone.now() - kept.made_at).total_seconds()
    return rest > get_settings().word_list_seconds and made_ago < rest


def _keep(version: IndexVersion, source: str, words: Vocabulary, names: Names, seconds: float) -> None:
    """Replace a version's words and names in one step; the parts before the last ones go, which no process reads any more."""
    vocabulary = words.pack()
    digest = sha256(vocabulary)
    for part in names.pack():
        digest.update(part)
    stamp = digest.hexdigest()
    fields = {
        "source": source,
        "stamp": stamp,
        "vocabulary": vocabulary,
        "made_at": timezone.now(),
        "seconds": seconds,
    }
    with transaction.atomic():
        former = WordList.objects.filter(pk=version.pk).values_list("stamp", flat=True).first()
        own = WordListPart.objects.filter(version=version)
        if not own.filter(stamp=stamp).exists():
            for number, part in enumerate(names.pack()):
                WordListPart.objects.create(version=version, stamp=stamp, number=number, data=part)
        WordList.objects.update_or_create(version=version, defaults=fields)
        with connection.cursor() as cursor:
            cursor.execute(_DROP_PARTS, [version.pk, [stamp, former or stamp]])


def _source(entries: EntryQuerySet) -> str:
    """Words that change whenever an entry is written, added or deleted."""
    counted = entries.aggregate(count=Count("*"), last=Max("updated_at"))
    return f"{counted['count']} entries in parts, the last written {counted['last']}"


def _read_entries(entries: EntryQuerySet) -> Iterator[tuple[str, str, str, str, str, list[FacetValue]]]:
    # What is in stock and new comes first, in suggestions as well.
    for in_stock in (True, False):
        for key, _, sku, name, brand, keywords, tokens in _newest_first(entries.filter(in_stock=in_stock)):
            yield key, sku, name, brand, keywords, [parse_token(token) for token in tokens]


def _newest_first(entries: EntryQuerySet) -> Iterator[tuple[str, datetime, str, str, str, str, list[str]]]:
    """The columns of entries, read in parts by the index over age and key: one cursor over all would hold a transaction for minutes."""
    columns = entries.newest().values_list(
        "product_key", "created", "sku", "name", "brand", "keywords", "facets"
    )
    rest = columns
    while True:
        rows = list(rest[:CHUNK])
        yield from rows
        if len(rows) < CHUNK:
            return
        key, created = rows[-1][:2]
        # Thousands may be equally old: those have to be read by their keys.
        while len(same := list(columns.filter(created=created, product_key__gt=key)[:CHUNK])) == CHUNK:
            yield from same
            key = same[-1][0]
        yield from same
        rest = columns.filter(created__lt=created)


class WordCounter:
    """Takes products one by one and gives the vocabulary of all."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()  # folded word -> products
        self._spellings: dict[str, Counter[str]] = {}  # folded word -> spellings with hyphens and the like
        self._plain: set[str] = set()  # folded words that stand somewhere just so
        self._brands: dict[str, Counter[str]] = {}  # folded word -> spellings in brands
        self._pairs = ManyCounts()
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
            read = _read_words(text) if text == name else _words_of(text)
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
        """Return what was counted; to be called once."""
        words: dict[str, Word] = {key: (self._shown(key), count) for key, count in self._counts.items()}
        for key, shown in self._joined.items():
            if key not in self._plain:
                words[key] = (shown, self._joined_counts[key])
        return Vocabulary(words, frozenset(self._pairs.most_common(MOST_PAIRS, least=PAIR_COUNT)))

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
class _Words:
    """What stands in one text."""

    keys: frozenset[str]  # folded words
    pairs: frozenset[str]
    plain: frozenset[str]  # folded words that are spelt just so
    marked: frozenset[
        tuple[str, str]
    ]  # the others with their spellings: with a hyphen, an apostrophe, an accent


@lru_cache(maxsize=4096)  # facet values and keywords repeat, names do not
def _words_of(text: str) -> _Words:
    return _read_words(text)


def _read_words(text: str) -> _Words:
    row: list[str] = []
    spellings: dict[str, None] = {}
    for found in spelt_words(text):
        cut = parts(found[0])
        row += cut
        spellings |= dict.fromkeys(word for word in (found[0], *cut) if is_word(word))
    keys = {spelling: fold(spelling) for spelling in spellings}
    return _Words(
        keys=frozenset(keys.values()),
        pairs=frozenset(f"{fold(left)} {fold(right)}" for left, right in pairwise(row)),
        plain=frozenset(key for word, key in keys.items() if key == word.lower()),
        marked=frozenset((key, word.lower()) for word, key in keys.items() if key != word.lower()),
    )
