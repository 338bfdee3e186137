"""The tag vocabulary of a catalogue: values of its facets, and words of fashion."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..facets import BRAND, CATEGORY, SIZE, TAGS
from ..models import TagWord
from ..query.lexicon import Lexicon
from ..text import split, stem

FILE = Path(__file__).parent / "words.toml"
Words = tuple[tuple[str, str], ...]  # kind and word

# Brands, sizes and tags are not seen in a picture.
UNSEEN = frozenset((BRAND, SIZE, TAGS))


@dataclass(frozen=True, slots=True)
class WordChanges:
    """What a shop has changed of the vocabulary."""

    added: Words = ()
    hidden: Words = ()


@lru_cache(maxsize=1)
def general_words() -> Words:
    """Return the fashion words of `words.toml`, by kind."""
    kinds = tomllib.loads(FILE.read_text())
    return tuple((kind, word) for kind, words in kinds.items() for word in words)


def read_changes() -> WordChanges:
    """Return the words that the shop has added and hidden."""
    rows = list(TagWord.objects.order_by("kind", "text").values_list("kind", "text", "hidden"))
    return WordChanges(
        added=tuple((kind, text) for kind, text, hidden in rows if not hidden),
        hidden=tuple((kind, text) for kind, text, hidden in rows if hidden),
    )


@dataclass(frozen=True, slots=True)
class Tag:
    """One word of the vocabulary."""

    kind: str  # name of a facet, or of a list of words
    word: str
    is_value: bool  # whether it is a value of the facet; a product has one of these
    share: float = 0.0  # of the catalogue's products, those that have the value


def build_vocabulary(lexicon: Lexicon, general: Words, changes: WordChanges) -> list[Tag]:
    """Return the vocabulary, values before other words of their kind, both in alphabetical order.

    Of the categories only those are taken that products are in themselves, because they say what a product is. A word of
    fashion that says the same as a value ("t-shirt" where there are "Tshirts") is left out for the value; of several such
    words the first one stays.

    Args:
        lexicon: the words of the catalogue.
        general: the fashion words, by kind.
        changes: what the shop has added and hidden.
    """
    hidden = {(kind, same(word, lexicon.language)) for kind, word in changes.hidden}
    found: dict[str, Tag] = {}
    values = []
    for kind, word, products in _values(lexicon):
        values.append(Tag(kind, word, True, products / lexicon.total))
        found.setdefault(same(word, lexicon.language), values[-1])
    for kind, word in (*changes.added, *general):
        tag = Tag(kind, word, False)
        if (kind, same(word, lexicon.language)) not in hidden:
            found.setdefault(same(word, lexicon.language), tag)
    words = (tag for tag in found.values() if not tag.is_value)
    kept = (*(tag for tag in values if (tag.kind, same(tag.word, lexicon.language)) not in hidden), *words)
    return sorted(kept, key=lambda tag: (tag.kind, not tag.is_value, tag.word.casefold()))


def same(word: str, language: str) -> str:
    """Return what words that say the same share: "t-shirt" and "Tshirts" give "tshirt"."""
    joined = "".join(part.text for part in split(word))
    return stem(joined, language) if joined else word.casefold()


def _values(lexicon: Lexicon) -> Iterable[tuple[str, str, int]]:
    for kind, word, products in lexicon.values():
        if word and kind not in UNSEEN and (kind != CATEGORY or word in lexicon.lowest or not lexicon.lowest):
            yield kind, word, products
