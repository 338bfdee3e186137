"""What is never shown to others of what people search for: the list in `blocked.toml`, and the shop's own."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..conf import get_settings
from ..text import PhraseIndex

FILE = Path(__file__).parent.parent / "blocked.toml"
LANGUAGE = "english"  # of the stems by which words are compared


@dataclass(frozen=True, slots=True)
class BlockList:
    """Words, phrases and patterns, none of which a text may have."""

    words: PhraseIndex[str]
    patterns: tuple[re.Pattern[str], ...]

    def blocks(self, text: str) -> bool:
        """Return whether a text has anything that is on the list."""
        lowered = text.lower()
        return any(one.search(lowered) for one in self.patterns) or bool(self.words.matching(text))


def block_list() -> BlockList:
    """Return the list that ships together with that of the setting BLOCKED_QUERIES.

    Raises:
        OSError: the file that the setting names cannot be read.
        ValueError: it has another form; the sentence names the place.
    """
    own = get_settings().blocked_queries
    return load_block_list((FILE, Path(own)) if own else (FILE,))


def shipped_list() -> BlockList:
    """Return the list that ships alone."""
    return load_block_list((FILE,))


def load_block_list(files: tuple[Path, ...]) -> BlockList:
    """Read files as one list; each is read again where it has changed.

    Raises:
        OSError: one cannot be read.
        ValueError: one is no TOML, or has anything but lists of words and of patterns.
    """
    return _load(tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=2)
def _load(files: tuple[tuple[Path, int], ...]) -> BlockList:
    words: list[str] = []
    patterns: list[re.Pattern[str]] = []
    for file, _ in files:
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{file} is not TOML in UTF-8: {error}") from error
        for name, values in content.items():
            if name not in ("words", "patterns"):
                raise ValueError(f"{file}: there is no {name!r}, only words and patterns.")
            if not isinstance(values, list) or not all(isinstance(one, str) and one for one in values):
                raise ValueError(f"{file}: {name} must be a list of texts.")
        words += content.get("words", [])
        for pattern in content.get("patterns", []):
            try:
                patterns.append(re.compile(pattern))
            except re.error as error:
                raise ValueError(f"{file}: {pattern!r} is no regular expression: {error}") from error
    return BlockList(PhraseIndex(((word, True, word) for word in words), LANGUAGE), tuple(patterns))
