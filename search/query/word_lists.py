"""Lists of words of other languages, and of emoji, with what they mean in English, as `search/languages/*.toml` has them.

The lexicon looks the English up among the catalogue's values.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..text import split, stem
from .lexicon import Lexicon

FOLDER = Path(__file__).parent.parent / "languages"
EMOJI = "emoji"  # the file of what is no language
SHORTEST_PART = 3  # letters of each half of a compound
SHORTEST_KNOWN = 4  # letters of a half that no list has, but the catalogue: "cocktail" of "Cocktailkleid"
_LINKS = ("", "s", "n", "es", "en", "e")  # between the halves
# Behind an emoji: how it is shown, and the colour of a skin.
_SHOWN_AS = "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*"


@dataclass(frozen=True)
class WordsOfLanguage:
    """One list of words; a phrase is filed with spaces between its words."""

    code: str  # ISO 639-1
    name: str
    stemmer: str  # a language of Snowball
    compounds: bool  # whether two words are written as one
    spellings: Mapping[str, str]  # letters that may be written otherwise
    words: Mapping[str, tuple[str, ...]]  # as listed -> English words; none for what asks for nothing
    prices: Mapping[str, tuple[str, ...]]  # the same of what is read so beside a number only
    negates_after: frozenset[str]  # of the words those that stand behind what they negate
    beginnings: Mapping[str, Sequence[str]]  # first letters -> what is listed and begins so
    longest: int  # words of a phrase

    def find(
        self, words: Sequence[str], at: int, lexicon: Lexicon | None = None
    ) -> tuple[int, tuple[str, ...]] | None:
        """Return how many words from a place on the list has as one, and the English for them; None where it has none.

        Args:
            words: folded.
            at: the place.
            lexicon: where given, its words may stand before a word of the list in a compound.
        """
        for length in range(min(self.longest, len(words) - at), 0, -1):
            run = words[at : at + length]
            price = self.prices.get(" ".join(_plain(word, self.spellings) for word in run))
            if price and any(word[0].isdigit() for word in (*words[:at][-1:], *words[at + length :][:1])):
                return length, price
            english = self._english(run)
            if english is not None:
                return length, english
        parts = self._taken_apart(words[at], lexicon) if self.compounds and lexicon else None
        return (1, parts) if parts else None

    def filed(self, phrase: str) -> str:
        """Return under what a phrase of the list is filed: folded, and in its plain spelling."""
        return _filed(phrase, self.spellings)

    def listed(self, run: Sequence[str]) -> str | None:
        """Return under what the list has a run of folded words, in any inflection; None where it has none."""
        plain = [_plain(word, self.spellings) for word in run]
        for words in (list(run), plain) if plain != list(run) else (plain,):  # "ue" is no umlaut in "blaues"
            phrase = " ".join(words)
            if phrase in self.words:
                return phrase
            # Stems are compared with those of the few that begin alike: one takes 0.1 ms, so that all of a list would take 30.
            for listed in self.beginnings.get(_beginning(phrase), ()):
                if listed.count(" ") == len(words) - 1 and self._stems(listed.split()) == self._stems(words):
                    return listed
        return None

    def _english(self, run: Sequence[str]) -> tuple[str, ...] | None:
        listed = self.listed(run)
        return None if listed is None else self.words[listed]

    def _stems(self, words: Sequence[str]) -> list[str]:
        return [stem(word, self.stemmer) for word in words]

    def _taken_apart(self, word: str, lexicon: Lexicon) -> tuple[str, ...] | None:
        """The English for the halves of a compound, of which the list has at least the last."""
        for cut in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
            last = self._english([word[cut:]])
            if not last:
                continue
            for link in _LINKS:
                first = word[:cut].removesuffix(link)
                if len(first) < SHORTEST_PART or not word[:cut].endswith(link):
                    continue
                if english := self._english([first]):
                    return english + last
                if len(first) >= SHORTEST_KNOWN and lexicon.products_with(first):
                    return (first, *last)
        return None


@lru_cache(maxsize=1)
def load_languages(folder: Path = FOLDER) -> Mapping[str, WordsOfLanguage]:
    """Return all lists of a folder by their codes; read once per process, when a query first has words that the catalogue lacks.

    Raises:
        ValueError: a file is not as it should be; the sentence names the place.
    """
    files = sorted(file for file in folder.glob("*.toml") if file.stem != EMOJI)
    return {file.stem: _language(file) for file in files}


@lru_cache(maxsize=1)
def load_emoji(folder: Path = FOLDER) -> tuple[Mapping[str, tuple[str, ...]], re.Pattern[str]]:
    """Return what emoji mean in English, and a pattern whose first group is one of them.

    Raises:
        ValueError: the file is not as it should be; the sentence names the place.
    """
    file = folder / f"{EMOJI}.toml"
    meanings = {
        emoji: _english(file, emoji, english) for emoji, english in _table(file, _read(file), "words").items()
    }
    longest_first = sorted(map(re.escape, meanings), key=len, reverse=True)
    return meanings, re.compile(f"({'|'.join(longest_first)}){_SHOWN_AS}")


def _language(file: Path) -> WordsOfLanguage:
    content = _read(file)
    name, stemmer, fillers = (_text(file, content, key) for key in ("name", "stemmer", "fillers"))
    compounds = content.get("compounds", False)
    if not isinstance(compounds, bool):
        raise ValueError(f"{file}: compounds must be true or false, not {compounds!r}.")
    spellings = _table(file, content, "spellings")
    tables = {
        name: {
            phrase: _english(file, phrase, english) for phrase, english in _table(file, content, name).items()
        }
        for name in ("words", "negation", "negation_after", "prices")
    }

    prices = {_filed(phrase, spellings): english for phrase, english in tables["prices"].items()}
    after = frozenset(_filed(phrase, spellings) for phrase in tables["negation_after"])
    negation = tables["negation"] | tables["negation_after"]
    pairs = [*(tables["words"] | negation).items(), *((word, ()) for word in fillers.split())]
    words: dict[str, tuple[str, ...]] = {}
    beginnings: dict[str, list[str]] = defaultdict(list)
    for phrase, english in pairs:
        plain = _filed(phrase, spellings)
        if not plain or words.setdefault(plain, english) != english:
            raise ValueError(f"{file}: {phrase!r} has no letters, or stands there twice with two meanings.")
        beginnings[_beginning(plain)].append(plain)
    longest = max(len(key.split()) for key in (*words, *prices))
    return WordsOfLanguage(
        file.stem, name, stemmer, compounds, spellings, words, prices, after, beginnings, longest
    )


def _filed(phrase: str, spellings: Mapping[str, str]) -> str:
    return " ".join(_plain(word.text, spellings) for word in split(phrase))


def _plain(word: str, spellings: Mapping[str, str]) -> str:
    for typed, plain in spellings.items():
        word = word.replace(typed, plain)
    return word


def _beginning(phrase: str) -> str:
    return phrase[:3] if phrase.isascii() else phrase[:2]  # letters of Devanagari are syllables


def _read(file: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not TOML: {error}") from error


def _text(file: Path, content: Mapping[str, object], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{file}: {key} must be a text, not {value!r}.")
    return value


def _table(file: Path, content: Mapping[str, object], name: str) -> dict[str, str]:
    table = content.get(name, {})
    if not isinstance(table, dict) or not all(isinstance(value, str) and value for value in table.values()):
        raise ValueError(f"{file}: [{name}] must be a table of texts.")
    return dict(table)


def _english(file: Path, phrase: str, english: str) -> tuple[str, ...]:
    words = tuple(word.text for word in split(english))
    if not words:
        raise ValueError(f"{file}: {phrase!r} must mean English words, not {english!r}.")
    return words
