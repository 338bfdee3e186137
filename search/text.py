"""Words of queries and of catalogue values, cut and stemmed the same way."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from snowballstemmer import algorithms, stemmer

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019`]s?(?=\s|$)", re.IGNORECASE)


class Word(NamedTuple):
    """A word of a text and where it stands there."""

    text: str  # lower case, without accents
    start: int
    end: int


def split(text: str) -> list[Word]:
    """Return the words of a text: "Men's T-shirt" has "men", "t" and "shirt"."""
    plain = _POSSESSIVE.sub(lambda found: " " * len(found.group()), text)
    return [
        Word(folded, found.start(), found.end())
        for found in _WORD.finditer(plain)
        if (folded := _fold(found.group()))  # nothing is left of a sound mark by itself
    ]


def keys(words: Sequence[str], language: str) -> tuple[str, ...]:
    """Return under what a run of words is filed: one key per way of joining them.

    "t shirts", "t-shirt" and "tshirts" share a key, and so do "flip flops" and "flipflop".
    """
    joined = "".join(words)
    apart = "".join(stem(word, language) for word in words)
    return (apart,) if len(words) == 1 else tuple(dict.fromkeys((apart, stem(joined, language))))


@lru_cache(maxsize=50_000)
def stem(word: str, language: str) -> str:
    """Return the stem of a word as Postgres' text search configuration of that language has it."""
    if language not in algorithms():
        return word
    stemmed: str = stemmer(language).stemWord(word)
    return stemmed


def _fold(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))
