"""Correct what shoppers type by a catalogue's own words.

A word that neither the catalogue nor everyday English knows is replaced by the word that was most probably meant: the one that
few and likely slips lead to, that many products have, and that stands in products beside the query's other words.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from heapq import nsmallest
from importlib.util import find_spec
from itertools import pairwise
from math import log10
from pathlib import Path

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from rapidfuzz import process
from rapidfuzz.distance import OSA

from ..models import IndexEntry, WordList
from ..session import on_primary, search_session
from ..text import MAX_LENGTH, fold, inflections, is_word, parts, spelt_words, stem
from .lexicon import word_list_of
from .names import Vocabulary, Word

InTexts = Callable[[Sequence[tuple[str, str]]], Collection[str]]

SHORTEST = 4  # letters; shorter words differ from too many others in one letter
MOST_UNKNOWN = 8  # words of one query; a text with more is not a slip
PART = 3  # letters that each half of a word has at least, where halves are joined or taken apart
HALF_COUNT = 3  # products that have a word of which two halves were typed

# Measured by `python -m lab.bench.spell`: one random edit to 1,000 words, against names from outside the catalogue.
SHORT = 5  # letters; up to here one edit is allowed, beyond it two
LIMIT, LIMIT_PER_LETTER = 0.8, 0.1  # cost at which a candidate is believed, by the letters of the typed word
RARE = 0.2  # by how much a word of one product must be nearer than one of ten
WEIGHED = 32  # candidates, fewest edits and most products first, whose slips are weighed
COMMON = 0.25  # what ten times as many products are worth, in cost
BESIDE = 0.3  # what standing beside the next or previous word in products is worth

# Costs of one slip each.
SWAPPED = 0.6  # ab for ba
DOUBLED = 0.4  # ll for l, l for ll
VOWEL_LEFT_OUT = 0.7
LETTER_LEFT_OUT = 0.9
ALIKE = 0.6  # one vowel for another, k for c
NEIGHBOUR = 0.8  # a key beside the right one
OTHER = 1.1
FIRST = 0.25  # more, where the first letter is concerned

VOWELS = frozenset("aeiouy")
_SOUNDS = ("ck", "kq", "cs", "sz", "cz", "fv", "vw", "gj", "iy", "ie", "td", "pb", "xz", "mn")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

# Quoted phrases, and words with a minus in front or with characters in them that no word has.
_LEFT_ALONE = re.compile(r'-?"[^"]*"?|(?:(?<=\s)|^)-\S+|\S*[@/\\_&.+#]\w\S*')

# The list of English words is the one in the package symspellpy: the words of SCOWL with their counts in Google's Ngrams
# (CC BY 3.0). Only the file is read: the package's own index takes 118 MB for 30,000 words, in every web process.
PACKAGE, FILE = "symspellpy", "frequency_dictionary_en_82_765.txt"
EVERYDAY = 250_000  # occurrences in Google's Ngrams; rarer words are as likely a misspelling as meant
DIGITS = len(str(EVERYDAY))  # a longer count is a greater one


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """A query as it was probably meant."""

    text: str  # to search for
    original: str  # as it was typed
    changed: tuple[tuple[str, str], ...]  # (typed, shown) of each place that differs
    # (typed, meant) of rare words that stay, because texts of the catalogue hold them
    perhaps: tuple[tuple[str, str], ...] = ()


def correct(version_id: int, text: str, extra_known: Collection[str] = ()) -> Correction | None:
    """Return the query corrected against the words of a version, or None where nothing is to be corrected.

    Args:
        version_id: the version that is searched; one whose words were not counted yet corrects nothing.
        text: a cleaned query; a correction that would exceed the length of a query is dropped.
        extra_known: more words that are right; give the same frozenset every time, because another one makes
            another speller.
    """
    words = word_list_of(version_id)
    if words is None:
        return None
    speller = _speller(version_id, *words, frozenset(extra_known))
    correction = speller.correct(text)
    return None if correction is None or len(correction.text) > MAX_LENGTH else correction


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a query."""

    text: str
    key: str  # folded
    start: int
    end: int
    followed: bool  # by one space and another word


def read_tokens(text: str) -> Iterator[Token]:
    """The words of a query, but for numbers, SKUs, quoted phrases and what is excluded."""
    masked = _LEFT_ALONE.sub(lambda match: "\0" * len(match[0]), text)
    for match in spelt_words(masked):
        if is_word(match[0]):
            followed = re.match(r" [^\W\d_]", masked[match.end() :]) is not None
            yield Token(match[0], fold(match[0]), match.start(), match.end(), followed)


def _in_no_text(_pairs: Sequence[tuple[str, str]]) -> Collection[str]:
    return ()


class Speller:
    """Corrects queries by the words of the catalogue and everyday English.

    Args:
        vocabulary: the catalogue's words.
        everyday: words of the language that are right although no product has them.
        extra_known: more words that are right, such as synonyms; a query may be corrected to them, too.
        in_texts: is given (typed, meant) pairs, and returns those typed words that texts of the catalogue hold in any
            inflection, unless typed and meant are inflections of one word.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        *,
        everyday: Container[str] = frozenset(),
        extra_known: Collection[str] = (),
        in_texts: InTexts = _in_no_text,
    ) -> None:
        self._words = {
            fold(part): (part.lower(), 1) for word in extra_known for part in word.split() if fold(part)
        } | dict(vocabulary.words)
        self._pairs = vocabulary.pairs
        # "rose gold" of the synonyms is no slip for the "rosegold" of names.
        self._known_pairs = frozenset(
            f"{fold(left)} {fold(right)}" for word in extra_known for left, right in pairwise(word.split())
        )
        self._everyday = everyday
        self._in_texts = in_texts
        self._nearest = NearestWords(self._words)

    def correct(self, text: str) -> Correction | None:
        """Return the corrected query, or None where nothing is to be corrected and no other word may have been meant.

        Quoted phrases, words after a minus, numbers and SKUs are left as they are.
        """
        tokens = list(read_tokens(text))
        edits = {token.start: (token.end, shown) for token, shown in self._taken_apart(tokens)}
        for left, right, shown in self._halves(tokens):
            if left.start not in edits and right.start not in edits:
                edits[left.start] = (right.end, shown)
        covered = [(start, end) for start, (end, _) in edits.items()]
        unknown = [
            place
            for place, token in enumerate(tokens)
            if not any(start <= token.start < end for start, end in covered) and not self._is_known(token)
        ]
        perhaps: list[tuple[str, str]] = []
        if len(unknown) <= MOST_UNKNOWN:
            slips = self._slips(tokens, unknown)
            if 2 * len(unknown) > len(tokens) and len(slips) < len(unknown) > 1:
                # Rather a text of another language: nothing of it becomes another product, but for what is hardly a slip.
                slips = [(token, shown) for token, shown in slips if cost(token.key, fold(shown)) <= SWAPPED]
            held = self._in_texts([(token.text, shown) for token, shown in slips]) if slips else ()
            perhaps = [(token.key, fold(shown)) for token, shown in slips if token.text in held]
            edits |= {token.start: (token.end, shown) for token, shown in slips if token.text not in held}
        return _apply(text, edits, tuple(perhaps)) if edits or perhaps else None

    def _slips(self, tokens: Sequence[Token], unknown: Sequence[int]) -> list[tuple[Token, str]]:
        near = {tokens[place]: self._near(tokens, place) for place in unknown}
        return [(token, shown) for token, shown in near.items() if shown is not None]

    def _near(self, tokens: Sequence[Token], place: int) -> str | None:
        before, after = tokens[:place][-1:], tokens[place + 1 :][:1]

        def fits(word: str) -> bool:
            return any(f"{left.key} {word}" in self._pairs for left in before) or any(
                f"{word} {right.key}" in self._pairs for right in after
            )

        return self._nearest.nearest(tokens[place].key, fits)

    def _taken_apart(self, tokens: Sequence[Token]) -> Iterator[tuple[Token, str]]:
        """Two words of the catalogue that were typed as one, where they stand side by side in products."""
        for token in tokens:
            key = token.key
            if self._is_known(token):
                shown = self._words.get(key, ("", 0))[0]
                if " " in shown and "-" not in token.text:
                    yield token, shown
                continue
            for cut in range(PART, len(key) - PART + 1):
                if f"{key[:cut]} {key[cut:]}" in self._pairs:
                    yield token, f"{self._shown(key[:cut])} {self._shown(key[cut:])}"
                    break

    def _halves(self, tokens: Sequence[Token]) -> Iterator[tuple[Token, Token, str]]:
        """One word of the catalogue that was typed as two."""
        for left, right in pairwise(tokens):
            shown, count = self._words.get(left.key + right.key, (" ", 0))
            pair = f"{left.key} {right.key}"
            if (
                left.followed
                and min(len(left.key), len(right.key)) >= PART
                and count >= HALF_COUNT
                and " " not in shown
                and pair not in self._pairs
                and pair not in self._known_pairs
            ):
                yield left, right, shown

    def _is_known(self, token: Token) -> bool:
        if self._knows(token.key):
            return True
        pieces = parts(token.text)
        return len(pieces) > 1 and all(self._knows(fold(piece)) for piece in pieces)

    def _knows(self, key: str) -> bool:
        if len(key) < SHORTEST or key in self._words or key in self._everyday:
            return True
        return any(other in self._words or other in self._everyday for other in inflections(key))

    def _shown(self, key: str) -> str:
        return self._words[key][0] if key in self._words else key


def _apply(text: str, edits: dict[int, tuple[int, str]], perhaps: tuple[tuple[str, str], ...]) -> Correction:
    pieces, changed, place = [], [], 0
    for start, (end, shown) in sorted(edits.items()):
        pieces += [text[place:start], shown]
        changed.append((text[start:end], shown))
        place = end
    return Correction(
        text="".join([*pieces, text[place:]]), original=text, changed=tuple(changed), perhaps=perhaps
    )


class NearestWords:
    """Words by length, so that only those that can be near are compared."""

    def __init__(self, words: Mapping[str, Word]) -> None:
        self._words = words
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for key in words:
            self._by_length[len(key)].append(key)

    def nearest(self, key: str, fits: Callable[[str], bool]) -> str | None:
        """Return how the word is shown that was most probably meant by `key`, or None where none is near enough.

        Args:
            key: a folded word that is not among the words.
            fits: returns whether products contain a word beside the query's next or previous one.
        """
        best: tuple[float, str] | None = None
        limit = LIMIT + LIMIT_PER_LETTER * len(key)
        for word in self._near(key):
            slips = cost(key, word)
            common = log10(max(self._words[word][1], 1))
            ranked = (slips - COMMON * common - BESIDE * fits(word), word)
            if slips <= limit - RARE * max(0.0, 1 - common) and (best is None or ranked < best):
                best = ranked
        return None if best is None else self._words[best[1]][0]

    def _near(self, key: str) -> list[str]:
        edits = 1 if len(key) <= SHORT else 2
        near = [
            (distance, -self._words[word][1], word)
            for length in range(len(key) - edits, len(key) + edits + 1)
            for word, distance, _ in process.extract(
                key, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=edits, limit=None
            )
        ]
        return [word for _, _, word in nsmallest(WEIGHED, near)]


def cost(typed: str, meant: str) -> float:
    """Return how unlikely it is that `typed` stands for `meant`: 0 for equal words, about 1 per slip.

    It is a weighted edit distance in which the slips that people often make cost less: neighbouring letters swapped, a
    letter doubled or not, one vowel for another, letters that sound alike, keys side by side. The first letter is seldom wrong.
    """
    before: list[float] = []
    row = [0.0]
    for j, letter in enumerate(meant):
        row.append(row[-1] + _gap(letter, meant, j) + (FIRST if j == 0 else 0))
    for i, letter in enumerate(typed):
        earlier, before = before, row
        row = [before[0] + _gap(letter, typed, i) + (FIRST if i == 0 else 0)]
        for j, other in enumerate(meant):
            first = FIRST if i == 0 or j == 0 else 0.0
            both_first = FIRST if i == 0 and j == 0 else 0.0
            best = min(
                before[j] + (0 if letter == other else _substituted(letter, other) + both_first),
                before[j + 1] + _gap(letter, typed, i) + (first if i == 0 else 0),
                row[j] + _gap(other, meant, j) + (first if j == 0 else 0),
            )
            if i and j and letter == meant[j - 1] and other == typed[i - 1] and letter != other:
                best = min(best, earlier[j - 1] + SWAPPED)
            row.append(best)
    return row[-1]


def _gap(letter: str, word: str, place: int) -> float:
    if place and word[place - 1] == letter:
        return DOUBLED
    return VOWEL_LEFT_OUT if letter in VOWELS else LETTER_LEFT_OUT


def _substituted(letter: str, other: str) -> float:
    if (letter in VOWELS and other in VOWELS) or (letter, other) in _ALIKE:
        return ALIKE
    return NEIGHBOUR if (letter, other) in _KEYS else OTHER


def _sides() -> frozenset[tuple[str, str]]:
    pairs = {pair for row in _ROWS for pair in pairwise(row)}
    for upper, lower in pairwise(_ROWS):
        pairs |= set(zip(upper, lower, strict=False)) | set(zip(upper[1:], lower, strict=False))
    return frozenset(pairs | {(right, left) for left, right in pairs})


_KEYS = _sides()
_ALIKE = frozenset((pair[0], pair[1]) for sound in _SOUNDS for pair in (sound, sound[::-1]))


@cache
def everyday_words() -> frozenset[str]:
    """Return everyday English words, which are right although no product has them: "wedding".

    They are in lower case and without apostrophes, and are read once per process, in about 40 ms.

    Raises:
        ModuleNotFoundError: the package that brings the list is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed; it brings the list of English words.")
    text = (Path(spec.submodule_search_locations[0]) / FILE).read_text(encoding="utf-8-sig")
    columns = text.replace("'", "").split()
    pairs = zip(columns[::2], columns[1::2], strict=True)
    return frozenset(word for word, count in pairs if len(count) > DIGITS or int(count) >= EVERYDAY)


@lru_cache(maxsize=2)
def _speller(version_id: int, _stamp: str, config: str, extra_known: frozenset[str]) -> Speller:
    with on_primary(), search_session():  # a replica may not have what the stamp stands for yet
        packed = WordList.objects.values_list("vocabulary", flat=True).get(pk=version_id)
    return Speller(
        Vocabulary.unpack(bytes(packed)),
        everyday=_Everyday(),
        extra_known=extra_known,
        in_texts=partial(_in_texts, version_id, config),
    )


class _Everyday:
    """The everyday words, read when the catalogue first lacks a word."""

    def __contains__(self, word: object) -> bool:
        return word in everyday_words()


def _in_texts(version_id: int, config: str, pairs: Sequence[tuple[str, str]]) -> Collection[str]:
    """Which words the documents of a version hold, in any inflection.

    Args:
        version_id: the version that is searched.
        config: text search configuration.
        pairs: words, each with another one; a word with the same stem as its other one is not returned.
    """
    # The stem of "earings" is that of "ear": were it an inflection of an everyday word, it would be everyday, too.
    doubtful = [pair for pair in pairs if not _is_stem_of_everyday(stem(pair[0].lower(), config))]
    entries = IndexEntry.objects.in_version(version_id)
    held: set[str] = set()
    if not doubtful:
        return held
    with search_session(), connection.cursor() as cursor:
        # Counted, because EXISTS makes Postgres hope for an early hit and read the whole table where there is none.
        for word, other in doubtful:
            query = SearchQuery(word, config=config, search_type="plain")
            sql, params = entries.filter(document=query).values("pk").query.sql_with_params()
            cursor.execute(
                # the subquery is Django's own SQL, with placeholders for every value
                "SELECT plainto_tsquery(%s::regconfig, %s) <> plainto_tsquery(%s::regconfig, %s)"  # noqa: S608
                f" AND (SELECT count(*) FROM ({sql}) AS entry) > 0",
                [config, word, config, other, *params],
            )
            if cursor.fetchone()[0]:
                held.add(word)
    return held


def _is_stem_of_everyday(stemmed: str) -> bool:
    words = {stemmed, stemmed + "e", stemmed + "s", stemmed + "y", stemmed.removesuffix("i") + "y"}
    return not words.isdisjoint(everyday_words())
