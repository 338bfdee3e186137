"""What a word is: runs of letters, compared without case, accents, hyphens and apostrophes."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_CHUNK = re.compile(r"\w+(?:['\u2019\-]\w+)*")
_MARKS = re.compile(r"['\u2019\-]")
LONGEST = 40  # letters; longer runs are no words


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """Return what two spellings of one word share: "T-Shirt" and "tshirt" give "tshirt"."""
    bare = _MARKS.sub("", word).casefold()
    if bare.isascii():
        return bare
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(letter)
    )


def is_word(chunk: str) -> bool:
    """Whether it is made of letters alone, beside hyphens and apostrophes; numbers and SKUs are not words."""
    return len(chunk) <= LONGEST and _MARKS.sub("", chunk).isalpha()


def chunks(text: str) -> Iterator[re.Match[str]]:
    """The words, numbers and hyphened words of a text, with their places."""
    return _CHUNK.finditer(text)


def parts(chunk: str) -> list[str]:
    """The parts of a hyphened word; what an apostrophe cuts off ("men's") is no part."""
    return [part for part in chunk.split("-") if part]


def inflections(key: str) -> Iterator[str]:
    """Plural and singular of a folded word, as far as English spelling tells them without a dictionary."""
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
