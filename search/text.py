"""Text: what Postgres can keep of it, and its words, cut, folded and stemmed in one way everywhere.

Words are cut in two ways. `split` takes "t-shirt" apart, because phrases are looked up by their words in order, however
they are joined. `spelt_words` keeps it whole, because a speller replaces what was typed by how the catalogue spells it.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from .exceptions import InvalidQuery

Item = TypeVar("Item")

_CODE = "\n\x1f"  # before each code behind the keywords of an entry
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
# Zero width space, word joiner, byte order mark, and the marks that turn the direction of writing.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
# Vowels and other signs that stand on letters, in the scripts of India, Thai, Lao, Arabic and Hebrew; they are no letters to \w.
_SIGNS = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u0eb1-\u0ecd"
_WORD = re.compile(rf"(?:[^\W_]|[{_SIGNS}])+")
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019`]s?(?=\s|$)", re.IGNORECASE)
_SPELT = re.compile(r"\w+(?:['\u2019\-]\w+)*")  # with "_", so that a code such as "ab_12" is no word
_MARKS = re.compile(r"['\u2019\-]")
LONGEST = 40  # letters; longer runs are no words
_QUALITY = "ness"
# As keyboards of East Asia type ASCII.
_WIDE = {code + 0xFEE0: code for code in range(0x21, 0x7F)} | {0x3000: 0x20}
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # what neither Postgres nor the encoder takes
MAX_LENGTH = 200  # characters of what people type; websearch_to_tsquery takes 6 s for 1 MB
LOOKED_AT = 20 * MAX_LENGTH  # characters of a longer text in which its beginning is looked for


def storable(text: str) -> str:
    """Return a text as Postgres takes it: a space for NUL, "?" for half a surrogate pair; either would fail a whole batch."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def with_codes(keywords: str, codes: Iterable[str]) -> str:
    """Return keywords as an entry keeps them, with the codes of its product behind them."""
    return keywords + "".join(f"{_CODE}{code}" for code in codes)


def without_codes(keywords: str) -> tuple[str, list[str]]:
    """Return the keywords of an entry as the host gave them, and the codes that stand behind them."""
    given, *codes = keywords.split(_CODE)
    return given, codes


def one_line(text: str) -> str:
    """Return a text in composed characters, on one line, without what does not show and white space around it."""
    text = _INVISIBLE.sub("", _CONTROL.sub(" ", unicodedata.normalize("NFC", text)))
    return " ".join(text.split())


def clean_text(text: str, parameter: str) -> str:
    """Return one line of text as Postgres and the encoder take it.

    Raises:
        InvalidQuery: the text holds NUL or half a surrogate pair, or is longer than 200 characters.
    """
    _refuse_characters(text, parameter)
    if len(text) <= 4 * MAX_LENGTH:  # a decomposed text may shrink below the limit
        text = one_line(text)
    if len(text) > MAX_LENGTH:
        raise InvalidQuery(
            "too_long", f"{parameter} is longer than {MAX_LENGTH} characters; shorten it to that."
        )
    return text


class Line(NamedTuple):
    """One line of what was typed, as it is read."""

    text: str
    cut: bool  # whether more was typed
    dropped: bool  # whether NUL or halves of surrogate pairs were left out, which are no text


def cut_text(text: str) -> Line:
    """Return one line of text as `clean_text` does, in letters of usual width, cut behind its last whole word within 200 characters.

    A text without a space there is cut behind its 200th character. What lies beyond 4,000 characters is not looked at.
    Nothing that can be typed is refused: what is no text is left out.
    """
    looked_at = text[:LOOKED_AT]
    readable = _NO_TEXT.sub(" ", looked_at)
    dropped = readable != looked_at
    line = one_line(readable.translate(_WIDE))
    if len(line) <= MAX_LENGTH:
        return Line(line, len(text) > LOOKED_AT, dropped)
    whole = line[: MAX_LENGTH + 1].rpartition(" ")[0]
    return Line(whole or line[:MAX_LENGTH], True, dropped)


def _refuse_characters(text: str, parameter: str) -> None:
    if "\x00" in text:
        raise InvalidQuery("invalid_character", f"{parameter} holds a NUL character; remove it.")
    if _SURROGATE.search(text):
        raise InvalidQuery("invalid_character", f"{parameter} holds half a surrogate pair; send valid UTF-8.")


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
    from snowballstemmer import algorithms, stemmer

    if language not in algorithms():
        return word
    stemmed: str = stemmer(language).stemWord(word)
    return stemmed


def keys(words: Sequence[str], language: str) -> tuple[str, ...]:
    """Return under what a run of words is filed: one key per way of joining them.

    "t shirts", "t-shirt" and "tshirts" share a key, and so do "flip flops" and "flipflop".
    """
    apart = "".join(_key(word, language) for word in words)
    return (apart,) if len(words) == 1 else tuple(dict.fromkeys((apart, _key("".join(words), language))))


def _key(word: str, language: str) -> str:
    """The stem of a word; what stemmers take "-ness" off is another thing: "fitness", "slim fit"; "business", "busy"."""
    return word if word.endswith(_QUALITY) else stem(word, language)


def inflections(key: str) -> Iterator[str]:
    """Plural and singular of a folded word, as far as English spelling shows them without a dictionary."""
    if key.endswith("ies") and len(key) > 4:
        yield key[:-3] + "y"
    if key.endswith("es") and len(key) > 4:
        yield key[:-2]
    if key.endswith("s") and not key.endswith("ss"):
        yield key[:-1]
    if key.endswith("y"):
        yield key[:-1] + "ies"
    if not key.endswith("s"):
        yield key + "s"
    if key.endswith(("s", "x", "ch", "sh")):
        yield key + "es"


class PhraseIndex(Generic[Item]):
    """Finds, of many phrases, those that a query is or contains; the time depends on the query, not on their number.

    Phrases are compared as queries are read: case, spaces, accents and plurals do not matter.

    Args:
        entries: phrase, whether containing it is enough, and what is found by it.
        language: of stems, as Postgres names its text search configurations.
    """

    def __init__(self, entries: Iterable[tuple[str, bool, Item]], language: str) -> None:
        self._language = language
        self._items: list[Item] = []
        self._whole: dict[str, list[int]] = defaultdict(list)
        self._within: dict[str, list[int]] = defaultdict(list)
        self._longest = 0
        for phrase, contains, item in entries:
            words = [word.text for word in split(phrase)]
            if not words:
                continue
            if contains:
                self._longest = max(self._longest, len(words) + 1)  # "tshirt" is in "red t shirt"
            for key in keys(words, language):
                (self._within if contains else self._whole)[key].append(len(self._items))
            self._items.append(item)

    def matching(self, text: str) -> list[Item]:
        """Return what is found by phrases that the text is or contains, in the order in which it was given."""
        words = [word.text for word in split(text)]
        if not words or not self._items:
            return []
        found: set[int] = set()
        for key in keys(words, self._language):
            found.update(self._whole.get(key, ()))
        if self._within:
            for start in range(len(words)):
                for end in range(start + 1, min(start + self._longest, len(words)) + 1):
                    for key in keys(words[start:end], self._language):
                        found.update(self._within.get(key, ()))
        return [self._items[number] for number in sorted(found)]
