"""What products have instead of what is negated: the list in `negation.toml`."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..text import inflections

FILE = Path(__file__).parent.parent / "negation.toml"
LESS = "less"  # ends words such as "collarless"


@dataclass(frozen=True, slots=True)
class Opposites:
    """What products have instead of what is negated, and phrases in which "no" is no negation."""

    table: Mapping[str, tuple[str, ...]]
    names: frozenset[str] = frozenset()
    words: frozenset[str] = (
        frozenset()
    )  # that shoppers type rightly although no product has them: "collarless"

    def of(self, run: Sequence[str]) -> tuple[str, ...] | None:
        """What stands for the lack of what a run of words names; None where there is no line for it."""
        phrase = " ".join(run)
        others = [phrase] if len(run) > 1 else [phrase, *inflections(phrase)]
        return next((self.table[other] for other in others if other in self.table), None)


@lru_cache(maxsize=4)
def load_opposites(file: Path = FILE) -> Opposites:
    """Read a file of opposites.

    Raises:
        ValueError: it is no TOML, or a value is not a list of phrases; the sentence names the place.
    """
    try:
        content = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not TOML: {error}") from error
    table, names = content.get("opposites", {}), content.get("names", [])
    if not isinstance(table, dict):
        raise ValueError(f"{file}: [opposites] must be a table of phrases.")
    for phrase, others in {**table, "names": names}.items():
        if not isinstance(others, list) or not all(isinstance(other, str) and other for other in others):
            raise ValueError(f"{file}: {phrase!r} must be a list of phrases, not {others!r}.")
    words = frozenset(f"{word.removesuffix('s')}{LESS}" for word in table if " " not in word)
    return Opposites({phrase: tuple(others) for phrase, others in table.items()}, frozenset(names), words)
