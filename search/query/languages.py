"""Queries in other languages than the catalogue's: words and emoji that a list has become English before they are read.

The query's own words choose the list; a word that the catalogue knows speaks against one that lacks it.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from ..facets import BRAND, facet_of
from ..text import Word, split
from .lexicon import Lexicon
from .spelling import everyday_words
from .word_lists import WordsOfLanguage, load_emoji, load_languages

READ_BY = "english"  # the language of a catalogue, as Postgres names it, that the lists lead to

# What a word says for a list that has it, by what the catalogue makes of the word, and against one that lacks it.
NEW, NEW_FILLER, RARE, SHARED = 2.0, 0.5, 1.0, 0.25
KNOWN, UNKNOWN = 1.0, 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """What a stretch of a text is in English."""

    typed: tuple[int, int]  # where it begins and ends in the text
    english: tuple[int, int]  # and in the English one


@dataclass(frozen=True, slots=True)
class Translation:
    """A query as it is read."""

    text: str  # in English where a list has the words
    typed: str
    pieces: tuple[Piece, ...] = ()  # of what a list has, in the order of the English text
    language: str = ""  # code of the list that was chosen; "" for none
    unlisted: bool = False  # most words are in no list, and unknown to the catalogue: two at least, or one in another script

    def as_typed(self, text: str) -> str:
        """Return a stretch of the English text as it was typed; a text that stands nowhere in it stays as it is."""
        pattern = r"\s+".join(map(re.escape, text.split()))
        found = (
            re.search(rf"(?<!\w){pattern}(?!\w)", self.text, re.IGNORECASE)
            if pattern and self.pieces
            else None
        )
        if not found:
            return text
        start, end = self._typed(found.start())[0], self._typed(found.end() - 1)[1]
        return self.typed[start:end]

    def _typed(self, place: int) -> tuple[int, int]:
        """Where a letter of the English text, or the piece that brought it, stands in the typed one."""
        moved = 0
        for piece in self.pieces:
            if piece.english[0] <= place < piece.english[1]:
                return piece.typed
            if piece.english[1] <= place:
                moved = piece.typed[1] - piece.english[1]
        return place + moved, place + moved + 1


def read_words(text: str, lexicon: Lexicon, code: str | None = None) -> Translation:
    """Return a query in English where a list has its words.

    Args:
        text: the cleaned query.
        code: of the list to read it with, "" for none; by default the words choose it.
        lexicon: the catalogue's words; of a catalogue in another language than English, or whose words are not counted, all stay.
    """
    if lexicon.lexemes is None or lexicon.language != READ_BY:
        return Translation(text, text)
    words = split(text)
    weights = {word.text: _weight(word.text, lexicon) for word in words}
    texts = [word.text for word in words]
    chosen = _chosen(texts, weights, lexicon) if code is None else load_languages().get(code)
    stretches = list(_listed(text, words, weights, chosen, lexicon)) if chosen else []
    if not text.isascii():
        stretches = sorted([*stretches, *_emoji(text)])
    english, pieces = _joined(text, stretches)
    unlisted = chosen is None and _is_unlisted(texts, weights)
    return Translation(english, text, pieces, chosen.code if chosen else "", unlisted)


def _chosen(words: Sequence[str], weights: Mapping[str, float], lexicon: Lexicon) -> WordsOfLanguage | None:
    """The list that most of the words speak for, or None where the catalogue's language is as likely."""
    if not lexicon.may_be_foreign(words):
        return None
    rare = [word for word in words if weights[word] == RARE]
    best: tuple[float, WordsOfLanguage] | None = None
    for language in load_languages().values():
        for_it = against = 0.0
        found_new = False
        listed: set[str] = set()
        at = 0
        while at < len(words):
            found = language.find(words, at, lexicon if weights[words[at]] == NEW else None)
            run = words[at : at + (found[0] if found else 1)]
            at += len(run)
            said = [weights[word] for word in run]
            if found and _is_alike(run, found[1]):
                said = [min(weight, SHARED) for weight in said]
            if found is None:
                against += {NEW: UNKNOWN, RARE: KNOWN, SHARED: KNOWN}.get(said[0], 0.0)
                continue
            listed.update(run)
            if found[1]:
                for_it += max(said)
                found_new |= NEW in said
            elif NEW in said:
                for_it += NEW_FILLER
        sure = found_new or (len(rare) > 1 and not against and listed.issuperset(words))
        if sure and for_it >= against and (best is None or for_it - against > best[0]):
            best = (for_it - against, language)
    return best[1] if best else None


def _is_alike(run: Sequence[str], english: Sequence[str]) -> bool:
    """Whether a word is as good as the English one, so that it may be a slip for it: "blu"."""
    return len(run) == len(english) == 1 and OSA.distance(run[0], english[0]) <= 1


def _weight(word: str, lexicon: Lexicon) -> float:
    """What a word that a list has says for it.

    0 for what says nothing of a language: numbers, brands, English words that ask for nothing.
    """
    if lexicon.is_common(word):
        senses = lexicon.senses([word])
        asks = not lexicon.says_nothing(word) and not (
            senses and all(facet_of(token) == BRAND for token in senses)
        )
        return SHARED if asks else 0.0
    return NEW if lexicon.is_new(word) else RARE


def _listed(
    text: str,
    words: Sequence[Word],
    weights: Mapping[str, float],
    language: WordsOfLanguage,
    lexicon: Lexicon,
) -> Iterator[tuple[int, int, str]]:
    """Where a text has what the list has, and the English for it; what stands before a negation that comes after it, with this."""
    texts = [word.text for word in words]
    before: list[tuple[int, int, str | None]] = []  # the words so far; without English as they were typed
    at = 0
    while at < len(words):
        taken, english = language.find(texts, at, lexicon if weights[texts[at]] == NEW else None) or (1, None)
        start, end = words[at].start, words[at + taken - 1].end
        said = None if english is None else " ".join(english)
        if language.listed(texts[at : at + taken]) in language.negates_after:
            while before and before[-1][2] == "":
                before.pop()
            if before:
                start, last, negated = before.pop()
                said = f"{said} {text[start:last] if negated is None else negated}"
        before.append((start, end, said))
        at += taken
    yield from ((start, end, said) for start, end, said in before if said is not None)


def _emoji(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a text has emoji that the list has, and the English for each."""
    meanings, pattern = load_emoji()
    for found in pattern.finditer(text):
        yield found.start(), found.end(), f" {' '.join(meanings[found.group(1)])} "


def _joined(text: str, stretches: Sequence[tuple[int, int, str]]) -> tuple[str, tuple[Piece, ...]]:
    """A text with English for some stretches of it."""
    english, place = "", 0
    pieces: list[Piece] = []
    for start, end, said in stretches:
        english += text[place:start]
        pieces.append(Piece((start, end), (len(english), len(english) + len(said))))
        english += said
        place = end
    return english + text[place:], tuple(pieces)


def _is_unlisted(words: Sequence[str], weights: Mapping[str, float]) -> bool:
    """Whether most of the words are unknown, no everyday English, and more of them than a slip or a name explains."""
    new = [word for word in words if weights[word] == NEW and word not in everyday_words()]
    return 2 * len(new) > len(words) and (len(new) > 1 or any(map(_is_in_another_script, new)))


def _is_in_another_script(word: str) -> bool:
    return any(
        letter.isalpha() and not unicodedata.name(letter, "LATIN").startswith("LATIN") for letter in word
    )
