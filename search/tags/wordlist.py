"""The fashion words that come along, and what a shop has added to them or hidden."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..models import TagWord

FILE = Path(__file__).parent / "words.toml"
Words = tuple[tuple[str, str], ...]  # kind and word


@dataclass(frozen=True, slots=True)
class WordChanges:
    """What a shop has changed of the vocabulary."""

    added: Words = ()
    hidden: Words = ()


@lru_cache(maxsize=1)
def general_words() -> Words:
    """Return the fashion words that come along, by kind."""
    kinds = tomllib.loads(FILE.read_text())
    return tuple((kind, word) for kind, words in kinds.items() for word in words)


def read_changes() -> WordChanges:
    """Return the words that the shop has added and hidden."""
    rows = list(TagWord.objects.order_by("kind", "text").values_list("kind", "text", "hidden"))
    return WordChanges(
        added=tuple((kind, text) for kind, text, hidden in rows if not hidden),
        hidden=tuple((kind, text) for kind, text, hidden in rows if hidden),
    )
