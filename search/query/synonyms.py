"""What shoppers say and catalogues do not: the general list in `synonyms.toml`, and what merchandisers add."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from ..facets import value_of

FILE = Path(__file__).parent.parent / "synonyms.toml"


@dataclass(frozen=True)
class Synonyms:
    """Words and what they stand for; resolved against the words of the catalogue."""

    means: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the same thing by other words
    near: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # the next best things, after the thing itself
    implies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # asked for, too
    purposes: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # things for a purpose, where none is named
    kids: tuple[str, ...] = ()  # values that only children's products have
    fillers: frozenset[str] = frozenset()  # words that ask for nothing

    @cached_property
    def words(self) -> frozenset[str]:
        """Every phrase that stands for something, and every word that asks for nothing."""
        return frozenset((*self.means, *self.near, *self.implies, *self.purposes, *self.fillers))

    def extended(self, more: Iterable[tuple[str, tuple[str, ...]]]) -> "Synonyms":
        """Return these with more pairs of a phrase and what it means."""
        means = dict(self.means)
        for phrase, targets in more:
            means[phrase] = tuple(dict.fromkeys((*means.get(phrase, ()), *targets)))
        return replace(self, means=means)


@lru_cache(maxsize=4)
def load_synonyms(file: Path = FILE) -> Synonyms:
    """Read a file of synonyms.

    Raises:
        ValueError: a table is missing or a value is not a list of phrases; the sentence names the place.
    """
    try:
        content = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not TOML: {error}") from error
    tables = {name: _table(file, content, name) for name in ("means", "near", "implies", "purposes")}
    words = {name: content.get(name, "") for name in ("fillers", "kids")}
    for name, value in words.items():
        if not isinstance(value, str):
            raise ValueError(f"{file}: {name} must be one text of words, not {value!r}.")
    return Synonyms(**tables, fillers=frozenset(words["fillers"].split()), kids=tuple(words["kids"].split()))


def _table(file: Path, content: Mapping[str, object], name: str) -> dict[str, tuple[str, ...]]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"{file}: [{name}] must be a table of phrases.")
    for phrase, targets in table.items():
        if not isinstance(targets, list) or not all(isinstance(target, str) and target for target in targets):
            raise ValueError(f"{file}: [{name}] {phrase!r} must be a list of phrases, not {targets!r}.")
    return {phrase: tuple(targets) for phrase, targets in table.items()}


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
            yield from (((value_of(target) or target).lower(), (phrase,)) for target in self.means)


def merged_synonyms(entries: Iterable[SynonymEntry]) -> Synonyms:
    """Return the general synonyms with these; what both have is united."""
    return load_synonyms().extended(pair for entry in entries for pair in entry.pairs())
