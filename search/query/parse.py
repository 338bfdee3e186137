"""Clean a query, and parse it with the lexicon of a catalogue: what each part of it asks for.

Prices are read first, then the longest phrases that name something, then single words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..conf import Weights
from ..facets import CATEGORY, COLOUR, GENDER, SIZE, facet_of, value_of, values_of
from ..text import Word, clean_text, split
from .lexicon import ALIAS, LOOSE, Lexicon
from .prices import Price, read_price

CHEAP = frozenset(("cheap", "cheapest", "budget", "inexpensive", "affordable"))
OWNERS = frozenset(("my", "our", "your", "his", "their"))
# What follows one of these describes the thing that was named before.
PREPOSITIONS = frozenset((
    "for", "with", "to", "from", "in", "on", "under", "over", "against", "without", "that", "which", "who", "where",
))  # fmt: skip
LONGEST = 6  # words of a phrase
SHOWN_VALUES = 5  # of a part that is shown; the best fitting
COMMONER = 2  # times as many products hold a word that may have been meant as the rare one that was typed
_SIZE_WORDS = frozenset(("size", "sizes", "uk", "eu", "us"))
_LETTER_SIZES = frozenset(("xs", "xl", "xxl", "xxxl", "2xl", "3xl", "4xl"))
_QUOTED = re.compile(r'"([^"]+)"')
_EXCLUDED = re.compile(r'(?:(?<=\s)|^)-("[^"]*"?|\S+)')
NOTHING_MEANT: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Query:
    """A cleaned query and its parts."""

    text: str  # as the shopper reads it again
    wanted: str  # without what is excluded: what the encoder sees
    excluded: tuple[str, ...]  # words and phrases with a minus in front
    quoted: tuple[str, ...] = ()  # phrases of `wanted` that stood in quotation marks

    @property
    def has_words(self) -> bool:
        """Whether a letter or digit is left; emoji alone have no meaning to the encoder."""
        words = self.wanted.lower().split()
        return any(word != "or" and any(map(str.isalnum, word)) for word in words)


def clean_query(text: str, parameter: str = "q") -> Query:
    """Return the query normalised (NFC, no control characters, single spaces) with its parts.

    Raises:
        InvalidQuery: the text holds NUL or half a surrogate pair, or is longer than 200 characters.
    """
    cleaned = clean_text(text, parameter)
    excluded = tuple(term.strip('"') for term in _EXCLUDED.findall(cleaned))
    kept = _EXCLUDED.sub(" ", cleaned)
    wanted = " ".join(kept.replace('"', " ").split())
    return Query(
        text=cleaned,
        wanted=wanted,
        excluded=tuple(term for term in excluded if any(map(str.isalnum, term))),
        quoted=tuple(" ".join(phrase.split()) for phrase in _QUOTED.findall(kept) if phrase.strip()),
    )


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that the query asks for: a value of a facet, or a word that texts hold."""

    text: str  # as typed
    values: Mapping[str, float] = field(default_factory=dict)  # "colour=Navy Blue": how well it fits, up to 1
    phrases: tuple[str, ...] = ()  # any of them in a product's texts says the same
    importance: float = 1.0  # its share in a product's score
    implied: bool = False  # not typed: "lingerie" implies "women"
    near: tuple[str, ...] = ()  # phrases that may have been meant, and fit less well

    @property
    def facets(self) -> tuple[str, ...]:
        """Facets that its values belong to, the best fitting first."""
        best = sorted(self.values, key=lambda token: -self.values[token])
        return tuple(dict.fromkeys(facet_of(token) for token in best))


@dataclass(frozen=True, slots=True)
class Understood:
    """A query, parsed with the words of a catalogue."""

    units: tuple[Unit, ...] = ()
    price: Price | None = None
    cheap: str = ""  # a word such as "cheap", as typed
    unknown: tuple[str, ...] = ()  # words that no product holds
    encoded: str = ""  # what the text encoder reads: shoppers' words as the catalogue has them

    @property
    def parts(self) -> tuple[Unit, ...]:
        """The units that name values of facets."""
        return tuple(unit for unit in self.units if unit.values)


def read_query(
    text: str,
    lexicon: Lexicon,
    weights: Weights,
    *,
    quoted: Sequence[str] = (),
    meant: Mapping[str, str] = NOTHING_MEANT,
) -> Understood:
    """Return what a query asks for.

    Args:
        text: the cleaned query, without what it excludes.
        lexicon: the catalogue's words.
        weights: how much facets and words count.
        quoted: phrases of the text that products must hold word for word.
        meant: words that are rare in the catalogue, in lower case, each with a commoner one that may have been meant; products
            with that one are results, too.
    """
    price, rest = read_price(text) if any(map(str.isdigit, text)) else (None, text)  # every price has a digit
    rest, literal = _without(rest, quoted)
    reading = _Reading(rest, split(rest), lexicon, weights, meant)
    reading.read()
    units = [*(Unit(phrase, {}, (phrase,), weights.category) for phrase in literal), *reading.units()]
    encoded = [*literal, *reading.encoded]
    return Understood(
        tuple(units), price, reading.cheap, tuple(reading.unknown), " ".join(filter(None, encoded))
    )


@dataclass(slots=True)
class _Found:
    """A unit and where in the query it stands."""

    unit: Unit
    at: int
    taken: int
    purpose: bool = False  # names what a thing is for, not the thing


@dataclass(slots=True)
class _Reading:
    """A query while it is read, word by word."""

    text: str
    words: list[Word]
    lexicon: Lexicon
    weights: Weights
    meant: Mapping[str, str]
    found: list[_Found] = field(default_factory=list)
    encoded: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    cheap: str = ""

    def read(self) -> None:
        """Read every word."""
        at = 0
        while at < len(self.words):
            word = self.words[at].text
            if word in CHEAP:
                self.cheap = word
                at += 1
                continue
            found = self._next(at)
            if found is not None:
                self.found.append(found)
            elif _is_telling(word, self.lexicon):
                self.unknown.append(word)
            at += found.taken if found else 1
        self._join_alternatives()
        self._keep_one_head()
        self._encode()

    def units(self) -> list[Unit]:
        """The units that were found, each once, and what they imply."""
        units: list[Unit] = []
        for found in self.found:
            if all(not found.unit.values or found.unit.values != other.values for other in units):
                units.append(found.unit)
        return units + _implied_units(units, self.lexicon, self.weights)

    def _next(self, at: int) -> _Found | None:
        """What the longest run of words from here on names, or None."""
        words, lexicon = self.words, self.lexicon
        if words[at].text in _SIZE_WORDS and at + 1 < len(words):
            sizes = _of_facet(lexicon.senses([words[at + 1].text]), SIZE)
            if sizes:
                return _Found(self._unit(at, 2, sizes, ()), at, 2)
        for length in range(min(LONGEST, lexicon.longest, len(words) - at), 0, -1):
            run = [word.text for word in words[at : at + length]]
            if length == 1 and run[0] in lexicon.synonyms.fillers:
                break
            senses = lexicon.senses(run)
            if run[0] not in _LETTER_SIZES:
                senses = {token: fit for token, fit in senses.items() if facet_of(token) != SIZE}
            if senses or lexicon.phrases(run):
                phrases = tuple(dict.fromkeys((" ".join(run), *lexicon.phrases(run))))
                return _Found(self._unit(at, length, senses, phrases), at, length)
            if served := lexicon.purposes(run):
                return _Found(self._unit(at, length, served, (" ".join(run),)), at, length, purpose=True)
        word = words[at].text
        if not _is_telling(word, lexicon) or not lexicon.products_with(word):
            return None
        other = self.meant.get(word, "")
        commoner = lexicon.products_with(other) >= COMMONER * lexicon.products_with(word)
        unit = self._unit(at, 1, {}, (word,))
        return _Found(replace(unit, near=(other,)) if other and commoner else unit, at, 1)

    def _unit(self, at: int, length: int, senses: Mapping[str, float], phrases: tuple[str, ...]) -> Unit:
        typed = self.text[self.words[at].start : self.words[at + length - 1].end]
        return Unit(typed, dict(senses), phrases, _importance(senses, phrases, self.lexicon, self.weights))

    def _join_alternatives(self) -> None:
        """Make one unit of "red or blue", which asks for either colour."""
        joined: list[_Found] = []
        for found in self.found:
            last = joined[-1] if joined else None
            if (
                last is not None
                and last.unit.values
                and found.unit.facets[:1] == last.unit.facets[:1]
                and [word.text for word in self.words[last.at + last.taken : found.at]] == ["or"]
            ):
                both = dict(last.unit.values)
                for token, fit in found.unit.values.items():
                    both[token] = max(fit, both.get(token, 0.0))
                typed = self.text[self.words[last.at].start : self.words[found.at + found.taken - 1].end]
                phrases = (*last.unit.phrases, *found.unit.phrases)
                unit = Unit(typed, both, phrases, max(last.unit.importance, found.unit.importance))
                joined[-1] = _Found(unit, last.at, found.at + found.taken - last.at)
            else:
                joined.append(found)
        self.found = joined

    def _keep_one_head(self) -> None:
        """Of garments that no product can be at once, only the one that the query is about stays a value.

        In "shoes to go with a suit" and "bag for my laptop" it is the one before the preposition, elsewhere the last; what
        is the shopper's own ("colour for my lips") is not what is asked for.
        """
        named = [found for found in self.found if found.unit.facets[:1] == (CATEGORY,)]
        wanted = [found for found in named if found.purpose or not self._is_owned(found)]
        things = [found for found in wanted if not found.purpose] or _longest(wanted)
        if not wanted:
            head = None
        else:
            before = [found for found in things if found.at < self._first_preposition()]
            head = (before or things)[-1]
        for found in named:
            if found is head:
                continue
            if head is not None and found in wanted and self._go_together(found, head):
                continue
            found.unit = _mention(found.unit, self.lexicon, self.weights)

    def _is_owned(self, found: _Found) -> bool:
        return found.at > 0 and self.words[found.at - 1].text in OWNERS

    def _first_preposition(self) -> int:
        places = (at for at, word in enumerate(self.words) if word.text in PREPOSITIONS and at > 0)
        return next(places, len(self.words))

    def _go_together(self, found: _Found, head: _Found) -> bool:
        return self.lexicon.stand_together(found.unit.values.keys(), head.unit.values.keys())

    def _encode(self) -> None:
        starts = {found.at: found for found in self.found}
        at = 0
        while at < len(self.words):
            found = starts.get(at)
            taken = found.taken if found else 1
            if self.words[at].text not in CHEAP:
                typed = self.text[self.words[at].start : self.words[at + taken - 1].end]
                self.encoded.append(_encoded(typed, found.unit if found else None))
            at += taken


def _longest(found: Sequence[_Found]) -> list[_Found]:
    """Those of the most words: "my feet" of "keep my feet warm"."""
    most = max((one.taken for one in found), default=0)
    return [one for one in found if one.taken == most]


def _mention(unit: Unit, lexicon: Lexicon, weights: Weights) -> Unit:
    """The unit as words that texts may hold, not as a value that products have."""
    return Unit(unit.text, {}, unit.phrases, _importance({}, unit.phrases, lexicon, weights))


def _without(text: str, phrases: Sequence[str]) -> tuple[str, list[str]]:
    """The text without the phrases, and those of them that it held."""
    held = []
    for phrase in phrases:
        if phrase in text:
            text = text.replace(phrase, " ", 1)
            held.append(phrase)
    return " ".join(text.split()), held


def _importance(
    senses: Mapping[str, float], phrases: Sequence[str], lexicon: Lexicon, weights: Weights
) -> float:
    if senses:
        best = max(senses.values())
        facets = {facet_of(token) for token, fit in senses.items() if fit >= min(best, LOOSE)}
        return max(weights.of_facet(facet) for facet in facets)
    products = max(lexicon.products_with(phrase) for phrase in phrases)
    return weights.word * lexicon.rarity(products)


def _implied_units(units: Sequence[Unit], lexicon: Lexicon, weights: Weights) -> list[Unit]:
    found: list[Unit] = []
    asked = {facet for unit in units for facet in unit.facets[:1]}
    for unit in units:
        for target in lexicon.implied([word.text for word in split(unit.text)]):
            senses = lexicon.senses([word.text for word in split(target)])
            facets = {facet_of(token) for token in senses}
            if senses and not facets & asked:
                importance = _importance(dict(senses), (), lexicon, weights)
                found.append(Unit(target, dict(senses), (), importance, implied=True))
    return found


def _is_telling(word: str, lexicon: Lexicon) -> bool:
    return word not in lexicon.synonyms.fillers and (len(word) > 1 or word.isdigit())


def _of_facet(senses: Mapping[str, float], facet: str) -> dict[str, float]:
    return {token: fit for token, fit in senses.items() if facet_of(token) == facet}


def _encoded(typed: str, unit: Unit | None) -> str:
    """What the encoder reads: the catalogue's word where the shopper's is another one for it."""
    if unit is None or not unit.values:
        return typed
    best = max(unit.values, key=lambda token: unit.values[token])
    if unit.values[best] >= ALIAS or unit.facets[0] not in (CATEGORY, COLOUR, GENDER):
        return typed
    return value_of(best)


# The parts of a query as pages and clients show them.


@dataclass(frozen=True, kw_only=True, slots=True)
class UnderstoodPart:
    """A stretch of the query that names values of a facet, or a price."""

    text: str  # as typed
    facet: str  # "price" for a price
    values: tuple[str, ...]  # best fitting first
    implied: bool = False  # not typed, but asked for by something that was
    without: str  # the query without it


def parts_of(query: str, understood: Understood) -> Iterator[UnderstoodPart]:
    """Return the parts of a query, in the order in which they were read; a price comes last.

    Args:
        query: as the shopper reads it again.
        understood: what was made of it.
    """
    for unit in understood.parts:
        facet = unit.facets[0]
        best = sorted(unit.values, key=lambda token: (-unit.values[token], token))
        values = values_of(facet, best)
        yield UnderstoodPart(
            text=unit.text,
            facet=facet,
            values=tuple(values[:SHOWN_VALUES]),
            implied=unit.implied,
            without=query if unit.implied else _text_without(query, unit.text),
        )
    if price := understood.price:
        ends = ("" if end is None else f"{end:f}" for end in (price.lowest, price.highest))
        yield UnderstoodPart(
            text=price.text, facet="price", values=tuple(ends), without=_text_without(query, price.text)
        )


def _text_without(query: str, text: str) -> str:
    """The query without a text, and without the ending that a possessive leaves behind."""
    pattern = r"\s+".join(re.escape(word) for word in text.split())
    rest = re.sub(rf"(?<!\w){pattern}(?:['\u2019]s?)?(?!\w)", " ", query, count=1, flags=re.IGNORECASE)
    return " ".join(rest.split())
