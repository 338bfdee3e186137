"""The words of a catalogue: what its facet values are called, and how many products hold which word."""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from ..facets import (
    BRAND,
    CATEGORY,
    COLOUR,
    GENDER,
    SIGN,
    SIZE,
    facet_of,
    has_value,
    parse_token,
    token_of,
    value_of,
)
from ..models import IndexEntry, IndexVersion, VersionLexicon, WordList
from ..resilience import PolledCache
from ..session import search_session
from ..text import keys, split, stem
from .opposites import load_opposites
from .synonyms import SynonymEntry, Synonyms, merged_synonyms

CHECK_SECONDS = 5.0  # between two looks at whether there is a newer one
KEPT = 2  # versions: the one that is searched, and one that it is compared with
READINGS_KEPT = 1000  # queries, about 2 kB each, of which a process keeps what they were understood as

Reading = TypeVar("Reading")

EXACT = 1.0
ALIAS = 0.95  # one of the things in "Perfume and Body Mist"
MEANS = 0.9  # a synonym
PURPOSE = 0.7  # "sleep" for "Night suits"
RARE_SHARE = 0.001  # of the products hold a rare word, at most
LOOSE = 0.8  # "shoes" for "Casual Shoes", "navy" for "Navy Blue"
NEAR = 0.6

_AND = re.compile(r"\s+(?:and|or)\s+|\s*[&,/]\s*", re.IGNORECASE)
_SHORTEST_BRAND_WORD = 4
_FEWEST_INITIALS = 3
MOST_HELD = 2000  # answers on sizes in stock that are kept
_FAMILY = 3  # brands that begin alike: "U.S. Polo Assn." and its denim line
_SMALL_WORDS = frozenset(("of", "and", "the", "by"))


# Tokens of categories, sizes and genders -> those of the sizes in which something of any of the categories and genders is in stock;
# without categories or genders these do not matter.
Held = Callable[[tuple[str, ...], tuple[str, ...], tuple[str, ...]], frozenset[str]]


class Lexicon:
    """What phrases mean in one catalogue.

    Args:
        facets: "colour=Navy Blue" -> number of products.
        lexemes: stem of a word -> number of products whose texts hold it; None until they are counted; until then
            every word is known.
        total: number of products.
        synonyms: other words for the catalogue's.
        language: of stems; a language of Snowball, as Postgres names its configurations.
        paths: category values that stand together, root first.
        held: says which sizes something is in stock in; by default every size of the catalogue is.

    `parents` is the category above each category, "" for a root; `lowest` are the categories that products are in themselves.
    """

    def __init__(
        self,
        facets: Mapping[str, int],
        lexemes: Mapping[str, int] | None,
        total: int,
        synonyms: Synonyms,
        language: str = "english",
        paths: Iterable[tuple[str, ...]] = (),
        held: Held | None = None,
    ) -> None:
        self.facets = {token: count for token, count in facets.items() if has_value(token)}
        self.lexemes = lexemes
        self.total = max(total, 1)
        self.synonyms = synonyms
        self.language = language
        paths = [named for path in paths if (named := tuple(value for value in path if value.strip()))]
        self.paths = [frozenset(token_of(CATEGORY, value) for value in path) for path in paths]
        self.parents = parents_of(paths)
        self.lowest = frozenset(path[-1] for path in paths if path)
        self.sizes = tuple(token for token in self.facets if facet_of(token) == SIZE)
        self._held = held
        self._kept_held: dict[tuple[tuple[str, ...], ...], frozenset[str]] = {}
        self._senses: dict[str, dict[str, float]] = defaultdict(dict)
        self._phrases: dict[str, tuple[str, ...]] = {}
        self._implied: dict[str, tuple[str, ...]] = {}
        self._purposes: dict[str, dict[str, float]] = {}
        self._spaced: dict[str, str] = {}  # phrases of synonyms by their words joined
        self._hyphened: dict[str, str] | None = None  # made when a word is first looked for
        self.longest = 1
        self.initials: set[str] = set()  # of brands, such as "ucb"
        self._file_values()
        self._file_synonyms()

    def senses(self, words: Sequence[str]) -> Mapping[str, float]:
        """Facet tokens that a run of words names, each with how well it fits; empty where it names none."""
        for key in keys(words, self.language):
            if key in self._senses:
                return self._senses[key]
        return {}

    def phrases(self, words: Sequence[str]) -> tuple[str, ...]:
        """Other phrases for a run of words, as the list of synonyms has them."""
        return next((self._phrases[key] for key in keys(words, self.language) if key in self._phrases), ())

    def implied(self, words: Sequence[str]) -> tuple[str, ...]:
        """What a run of words asks for, too."""
        return next((self._implied[key] for key in keys(words, self.language) if key in self._implied), ())

    def purposes(self, words: Sequence[str]) -> Mapping[str, float]:
        """Category tokens of what serves the purpose that a run of words names; empty where it names none."""
        return next((self._purposes[key] for key in keys(words, self.language) if key in self._purposes), {})

    @property
    def kids(self) -> tuple[str, ...]:
        """Tokens that only children's products have."""
        return tuple(
            token
            for value in self.synonyms.kids
            for token, fit in self.senses([value]).items()
            if fit >= EXACT
        )

    def held(
        self, categories: tuple[str, ...], sizes: tuple[str, ...], genders: tuple[str, ...] = ()
    ) -> frozenset[str]:
        """Those of the size tokens that something in stock has which has any of the categories and any of the genders.

        Raises:
            DatabaseError: the index could not be asked.
        """
        if self._held is None:
            return frozenset(sizes)
        asked = (categories, sizes, genders)
        if asked not in self._kept_held:
            if len(self._kept_held) >= MOST_HELD:
                self._kept_held.clear()
            self._kept_held[asked] = self._held(*asked)
        return self._kept_held[asked]

    def knows(self, words: Sequence[str]) -> bool:
        """Whether a run of words names a value or is a synonym."""
        return any(key in self._senses or key in self._phrases for key in keys(words, self.language))

    def is_called(self, token: str, words: Sequence[str]) -> bool:
        """Whether the name of a value holds a run of words, in any inflection and however they are joined."""
        name = [word.text for word in split(value_of(token))]
        wanted = set(keys(words, self.language))
        runs = (name[at:end] for at in range(len(name)) for end in range(at + 1, len(name) + 1))
        return any(not wanted.isdisjoint(keys(run, self.language)) for run in runs)

    def roots(self, tokens: Iterable[str]) -> tuple[str, ...]:
        """Return the tokens of the categories that lie above some of these and below none."""
        found: dict[str, None] = {}
        for facet, value in map(parse_token, tokens):
            if facet == CATEGORY:
                while above := self.parents.get(value):
                    value = above
                found[token_of(CATEGORY, value)] = None
        return tuple(found)

    def says_nothing(self, word: str) -> bool:
        """Whether a word asks for nothing by itself, or is a letter or a number."""
        return word in self.synonyms.fillers or len(word) < 2 or any(map(str.isdigit, word))

    def is_common(self, word: str) -> bool:
        """Whether a word is an ordinary one of the catalogue's language: it says nothing, or enough products hold it."""
        if self.says_nothing(word):
            return True
        products = self.products_with(word)
        if products <= RARE_SHARE * self.total:
            return False
        return products > 1 or bool(self.senses([word]) or self.phrases([word]) or self.purposes([word]))

    def is_new(self, word: str) -> bool:
        """Whether no product's texts, no value and no synonym have a word."""
        named = self.senses([word]) or self.phrases([word]) or self.purposes([word])
        return not (named or self.products_with(word))

    def may_be_foreign(self, words: Iterable[str]) -> bool:
        """Whether words may be of another language: one is new, or two are rare."""
        rare = [word for word in words if not self.is_common(word)]
        return len(rare) > 1 or any(map(self.is_new, rare))

    def products_with(self, word: str) -> int:
        """How many products' texts hold the word in any inflection."""
        if self.lexemes is None:
            return 1
        return self.lexemes.get(stem(word, self.language), 0)

    def apart(self, word: str) -> str:
        """The words that texts have with a hyphen for one typed without: "g shock" for "gshock"; "" where none do."""
        if self._hyphened is None:
            compounds = [lexeme for lexeme in self.lexemes or () if lexeme.count("-") == 1]
            self._hyphened = {
                lexeme.replace("-", ""): lexeme.replace("-", " ").strip() for lexeme in compounds
            }
        return self._hyphened.get(stem(word, self.language), "")

    def spellings(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return other ways in which texts have a phrase: "rosegold" for "rose gold", and the reverse where a synonym is spelt so."""
        if len(words) == 1:
            spaced = self._spaced.get(words[0], "")
            return (spaced,) if spaced else ()
        joined = "".join(words)
        return (joined,) if self.lexemes is not None and self.products_with(joined) else ()

    def rarity(self, products: int) -> float:
        """How much something says about a product that so many have: from 0 for all of them to 1 for one."""
        if self.lexemes is None:
            return 1.0
        return math.log(self.total / min(max(products, 1), self.total)) / math.log(max(self.total, 2))

    def stand_together(self, some: Collection[str], others: Collection[str]) -> bool:
        """Whether a product can have a category of `some` and one of `others` at once."""
        return any(not path.isdisjoint(some) and not path.isdisjoint(others) for path in self.paths)

    def _file_values(self) -> None:
        brand_words: dict[str, set[str]] = defaultdict(set)
        for token in self.facets:
            facet, value = parse_token(token)
            words = [word.text for word in split(value)]
            if not words:
                continue
            self._file(words, token, EXACT)
            if facet == BRAND:
                for word in words:
                    brand_words[word].add(token)
                continue
            if facet == SIZE and words[-1].isdigit():
                self._file(words[-1:], token, ALIAS)  # "size 8" is UK 8, too
            if facet in (GENDER, SIZE):
                continue
            for part in _AND.split(value):
                self._file([word.text for word in split(part)], token, ALIAS)
            if len(words) > 1:
                loose = words if facet == COLOUR else words[-1:]
                for word in loose:
                    if word not in self.synonyms.fillers:
                        self._file([word], token, LOOSE)
        for word, tokens in brand_words.items():
            self._file_brand_word(word, tokens)
        self._file_brand_names(token for token in self.facets if facet_of(token) == BRAND)

    def _file_brand_names(self, brands: Iterable[str]) -> None:
        """The beginnings and initials of brands of several words, where few others begin so and no value is called so."""
        shorter: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for token in brands:
            words = [word.text for word in split(value_of(token))]
            for end in range(2, len(words)):
                shorter[tuple(words[:end])].add(token)
            initials = "".join(word[0] for word in words if word not in _SMALL_WORDS)
            if len(initials) >= _FEWEST_INITIALS:
                shorter[(initials,)].add(token)
                self.initials.add(initials)
        for shortened, tokens in shorter.items():
            if len(tokens) <= _FAMILY and not self.senses(shortened):
                for token in sorted(tokens):
                    self._file(shortened, token, MEANS)

    def _file_brand_word(self, word: str, tokens: set[str]) -> None:
        # "benetton" alone means the brand, because only its products hold the word; "red" of "Red Tape" does not.
        if len(tokens) != 1 or len(word) < _SHORTEST_BRAND_WORD or self.senses([word]):
            return
        (token,) = tokens
        if self.products_with(word) <= self.facets[token] * 1.1:
            self._file([word], token, MEANS)

    def _file_synonyms(self) -> None:
        for weight, table in ((MEANS, self.synonyms.means), (NEAR, self.synonyms.near)):
            for phrase, targets in table.items():
                words = [word.text for word in split(phrase)]
                if len(words) > 1:
                    self._spaced["".join(words)] = " ".join(words)
                for target in targets:
                    if target in self.facets:  # "colour=Navy Blue" names the value itself
                        self._file(words, target, weight)
                        continue
                    found = self.senses([word.text for word in split(target)])
                    for token, fit in list(found.items()):
                        if fit >= LOOSE:
                            self._file(words, token, weight * fit)
                if weight == MEANS:
                    for key in keys(words, self.language):
                        self._phrases[key] = tuple(target for target in targets if SIGN not in target)
        for phrase, targets in self.synonyms.purposes.items():
            words = [word.text for word in split(phrase)]
            found = {
                token: PURPOSE
                for target in targets
                for token, fit in self.senses([word.text for word in split(target)]).items()
                if fit >= ALIAS
            }
            if found:
                self.longest = max(self.longest, len(words))
                self._purposes |= dict.fromkeys(keys(words, self.language), found)
        for phrase, targets in self.synonyms.implies.items():
            for key in keys([word.text for word in split(phrase)], self.language):
                self._implied[key] = targets

    def _file(self, words: Sequence[str], token: str, weight: float) -> None:
        if not words:
            return
        self.longest = max(self.longest, len(words))
        for key in keys(words, self.language):
            senses = self._senses[key]
            senses[token] = max(senses.get(token, 0.0), round(weight, 3))

    def values(self) -> Iterator[tuple[str, str, int]]:
        """Every facet, value and number of products."""
        for token, count in self.facets.items():
            facet, value = parse_token(token)
            yield facet, value, count


def parents_of(paths: Iterable[Sequence[str]]) -> dict[str, str]:
    """Return the value above each value of a tree, "" for a root.

    Args:
        paths: values from a root on. A value that stands at several places belongs to the one nearest to a root, of several
            such to the parent that comes first in the alphabet.
    """
    distinct = [tuple(dict.fromkeys(path)) for path in paths]
    depths: dict[str, int] = {}
    for path in distinct:
        for depth, value in enumerate(path):
            depths[value] = min(depth, depths.get(value, depth))
    parents: dict[str, str] = {}
    for path in sorted(distinct):
        for depth, value in enumerate(path):
            if depth == depths[value]:
                parents.setdefault(value, path[depth - 1] if depth else "")
    return parents


@dataclass(slots=True)
class VersionWords:
    """A version's lexicon, and how similar to its products words without meaning are."""

    lexicon: Lexicon
    image_noise: float = 0.0
    text_noise: float = 0.0
    built_at: datetime | None = None
    entries: tuple[SynonymEntry, ...] = ()  # synonyms of the table
    readings: dict[Hashable, Any] = field(default_factory=dict)  # what queries were understood as by them

    def once(self, key: Hashable, read: Callable[[], Reading]) -> Reading:
        """Return what `read` returns, which nothing but the key and these words decide, and keep it for the same key."""
        kept: Reading | None = self.readings.get(key)
        if kept is None:
            kept = read()
            if len(self.readings) >= READINGS_KEPT:
                self.readings.clear()
            self.readings[key] = kept
        return kept

    @property
    def synonyms(self) -> frozenset[str]:
        """Words of shoppers for what the catalogue may call otherwise, and the initials of its brands."""
        return self.lexicon.synonyms.words | self.lexicon.initials | load_opposites().words


_kept: PolledCache[int, VersionWords] = PolledCache(CHECK_SECONDS, most=KEPT)
_lists: PolledCache[int, tuple[str, str] | None] = PolledCache(CHECK_SECONDS, most=KEPT)


def words_of(version: IndexVersion, entries: tuple[SynonymEntry, ...]) -> VersionWords:
    """Return the words of a version, kept per process and compared with the table now and then.

    Args:
        version: the version; until its words are counted, its lexicon knows every word.
        entries: synonyms of the table, read together with the general ones.
    """

    def refresh(kept: VersionWords | None) -> VersionWords:
        with search_session():
            built_at = (
                VersionLexicon.objects.filter(version=version).values_list("built_at", flat=True).first()
            )
            if kept is None or kept.built_at != built_at or kept.entries != entries:
                return words_with(version, entries)
        return kept

    return _kept.get(version.pk, refresh)


def words_with(version: IndexVersion, entries: tuple[SynonymEntry, ...]) -> VersionWords:
    """Return the words of a version with these synonyms beside the general ones, read anew."""
    row = VersionLexicon.objects.filter(version=version).first()
    synonyms = merged_synonyms(entries)
    if row is None:
        return VersionWords(Lexicon({}, None, 0, synonyms, language=version.config), entries=entries)
    paths = [tuple(path) for path in row.paths]
    lexicon = Lexicon(
        row.facets,
        row.lexemes,
        row.total,
        synonyms,
        language=version.config,
        paths=paths,
        held=_held_in(version.pk),
    )
    return VersionWords(lexicon, row.image_noise, row.text_noise, row.built_at, entries)


def _held_in(version_id: int) -> Held:
    def held(categories: tuple[str, ...], sizes: tuple[str, ...], genders: tuple[str, ...]) -> frozenset[str]:
        with search_session():
            return IndexEntry.objects.in_version(version_id).having(categories, genders).any_have(sizes)

    return held


def word_list_of(version_id: int) -> tuple[str, str] | None:
    """Return the stamp of a version's word list and its text search configuration, None before its words are counted.

    A process compares them with the table now and then.
    """

    def read(_: object) -> tuple[str, str] | None:
        words = WordList.objects.filter(pk=version_id).select_related("version")
        with search_session():
            found = words.only("stamp", "version__text_config").first()
        return (found.stamp, found.version.config) if found else None

    return _lists.get(version_id, read)


def forget_words() -> None:
    """Forget every version's words, and which word list it has."""
    _kept.forget()
    _lists.forget()
