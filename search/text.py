"""Text: what Postgres can keep of it, and its words, cut, folded and stemmed in one way everywhere.

Words are cut in two ways. `split` takes "t-shirt" apart, because phrases are looked up by their words in order, however
they are joined. `spelt_words` keeps it whole, because a speller replaces what was typed by how the catalogue spells it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from snowballstemmer import algorithms, stemmer

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
# Zero width space, word joiner, byte order mark, and the marks that turn the direction of writing.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019`]s?(?=\s|$)", re.IGNORECASE)
_SPELT = re.compile(r"\w+(?:['\u2019\-]\w+)*")  # with "_", so that a code such as "ab_12" is no word
_MARKS = re.compile(r"['\u2019\-]")
LONGEST = 40  # letters; longer runs are no words


def storable(text: str) -> str:
    """Return a text as Postgres takes it: a space for NUL, "?" for half a surrogate pair; either would fail a whole batch."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def one_line(text: str) -> str:
    """Return a text in composed characters, on one line, without what does not show and white space around it."""
    text = _INVISIBLE.sub("", _CONTROL.sub(" ", unicodedata.normalize("NFC", text)))
    return " ".join(text.split())


class Word(NamedTuple):
    """A word of a text and where it stands there."""

    text: str  # folded
    start: int
    end: int


def split(text: str) -> list[Word]:
    """Return the words of a text: "Men's T-shirt" has "men", "t" and "shirt"."""
    plain = _POSSESSIVE.sub(lambda found: " " * len(found.group()), text)
    return [
        Word(folded, found.start(), found.end())
        for found in _WORD.finditer(plain)
        if (folded := fold(found.group()))  # nothing is left of a sound mark by itself
    ]


def spelt_words(text: str) -> Iterator[re.Match[str]]:
    """Find the words and numbers of a text as they are spelt: "Men's T-shirt" has "Men's" and "T-shirt"."""
    return _SPELT.finditer(text)


def parts(word: str) -> list[str]:
    """Return the parts of a hyphened word; what an apostrophe cuts off ("men's") is no part."""
    return [part for part in word.split("-") if part]


def is_word(text: str) -> bool:
    """Whether it is made of letters alone, beside hyphens and apostrophes; numbers and SKUs are not words."""
    return len(text) <= LONGEST and _MARKS.sub("", text).isalpha()


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Return what all spellings of a word share: lower case, no accents, hyphens and apostrophes ("T-Shirt": "tshirt")."""
    bare = _MARKS.sub("", word).casefold()
    if bare.isascii():
        return bare
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(letter)
    )


@lru_cache(maxsize=50_000)
def stem(word: str, language: str) -> str:
    """Return the stem of a word as Postgres' text search configuration of that language has it."""
    if language not in algorithms():
        return word
    stemmed: str = stemmer(language).stemWord(word)
    return stemmed


def keys(words: Sequence[str], language: str) -> tuple[str, ...]:
    """Return under what a run of words is filed: one key per way of joining them.

    "t shirts", "t-shirt" and "tshirts" share a key, and so do "flip flops" and "flipflop".
    """
    joined = "".join(words)
    apart = "".join(stem(word, language) for word in words)
    return (apart,) if len(words) == 1 else tuple(dict.fromkeys((apart, stem(joined, language))))
