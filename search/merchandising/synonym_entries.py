"""Synonyms of the table, and merged with the general ones of the file."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..query.synonyms import Synonyms, load_synonyms


class SynonymEntry(NamedTuple):
    """A phrase of shoppers and what it means: phrases, or values such as "brand=Nike"."""

    phrase: str
    means: tuple[str, ...]
    both_ways: bool = False

    def pairs(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Phrases and what they mean, in one way or in both."""
        phrase = self.phrase.lower()
        yield phrase, self.means
        if self.both_ways:
            # "colour=Navy Blue" is typed as "navy blue".
            yield from (
                (target.partition("=")[2].lower() or target.lower(), (phrase,)) for target in self.means
            )


def synonyms() -> tuple[SynonymEntry, ...]:
    """Return the enabled synonyms of the table, from this process' snapshot."""
    from .snapshots import snapshot  # which is made of this module's entries

    return snapshot().synonyms


def merged_synonyms(entries: Iterable[SynonymEntry]) -> Synonyms:
    """Return the general synonyms with these; what both have is united."""
    return load_synonyms().extended(pair for entry in entries for pair in entry.pairs())
