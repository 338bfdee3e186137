"""Words of a query that say what is wanted, read one after the other: the longest runs that name something, then single words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from ..conf import Weights
from ..facets import BRAND, CATEGORY, COLOUR, GENDER, OCCASIONS, SIZE, facet_of, value_of
from ..text import Word, split
from .lexicon import ALIAS, EXACT, LOOSE, Lexicon
from .measures import BEGINNINGS, measure_at

CHEAP = frozenset(("cheap", "cheapest", "budget", "inexpensive", "affordable"))
OWNERS = frozenset(("my", "our", "your", "his", "their"))
# What follows one of these describes the thing that was named before.
PREPOSITIONS = frozenset((
    "for", "with", "to", "from", "in", "on", "under", "over", "against", "without", "that", "which", "who", "where",
))  # fmt: skip
SEEKING = frozenset(("looking", "look", "searching", "search"))  # with "for" they name what is wanted
LONGEST = 6  # words of a phrase
COMMONER = 2  # times as many products hold a word that may have been meant as the rare one that was typed


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that the query asks for: a value of a facet, or a word that texts hold."""

    text: str  # as typed
    values: Mapping[str, float] = field(default_factory=dict)  # "colour=Navy Blue": how well it fits, up to 1
    phrases: tuple[str, ...] = ()  # any of them in a product's texts says the same
    importance: float = 1.0  # its share in a product's score
    implied: bool = False  # not typed: "lingerie" implies "women"
    near: tuple[str, ...] = ()  # phrases that may have been meant, and fit less well
    own: tuple[str, ...] = ()  # of its values those whose names hold the typed words
    roots: tuple[str, ...] = ()  # the topmost categories that its values lie in
    head: str = ""  # the last of its typed words, where that is a kind of which no value is called so: "boots" of "ankle boots"
    alike: bool = False  # whether its phrases are spellings of one thing: "150ml" and "150 ml"
    opposite: bool = False  # says that a product lacks what is negated: "slip-on" for "without laces"
    said: str = ""  # of an opposite the phrase that says just that: "non leather"
    spelt: tuple[str, ...] = ()  # its words as texts have them, too: "rosegold" for "rose gold"
    compound: str = ""  # with the words before it: "sports bra", as a name may have it
    titles: tuple[str, ...] = ()  # other words that the name of what fits may have: "kids" for girls
    says: str = ""  # what it was understood as, where its values alone would not tell: "EU 42: UK 8"
    serving: tuple[str, ...] = ()  # categories that serve it, where it is a purpose: flip flops for "beach"

    @property
    def is_soft(self) -> bool:
        """Whether it is a purpose or an occasion beside what is asked for, which nothing need be made for."""
        if self.serving:
            return not self.values
        return not self.own and not self.implied and not OCCASIONS.isdisjoint(self.facets[:1])

    @property
    def literal(self) -> tuple[str, ...]:
        """The typed words in each spelling, where other words are taken for them as well; products that hold them come first."""
        if self.opposite:
            return (self.said,) if self.said else ()
        if (
            self.implied
            or self.alike
            or not self.phrases
            or self.facets[:1] in ((GENDER,), (BRAND,), (SIZE,))
        ):
            return ()
        widened = set(self.values) - set(self.own) if self.values else self.phrases[1:]
        return (self.phrases[0], *self.spelt) if widened else ()

    @property
    def called(self) -> tuple[str, ...]:
        """What a product may be called that is one: the typed words, or the last of them.

        A kind is one within its topmost categories. A colour that the catalogue has no value for is what names say ("rose gold").
        """
        if self.own and self.facets[:1] == (COLOUR,):
            return self.titles
        return tuple(
            filter(
                None,
                (
                    *self.literal,
                    self.head if self.literal and not self.own else "",
                    self.compound,
                    *self.titles,
                ),
            )
        )

    @property
    def facets(self) -> tuple[str, ...]:
        """Facets that its values belong to, the best fitting first."""
        best = sorted(self.values, key=lambda token: -self.values[token])
        return tuple(dict.fromkeys(facet_of(token) for token in best))


@dataclass(slots=True)
class Found:
    """A unit and where in the query it stands."""

    unit: Unit
    at: int
    taken: int
    purpose: bool = False  # names what a thing is for, not the thing


@dataclass(slots=True)
class Reading:
    """A query while it is read, word by word."""

    text: str
    words: list[Word]
    lexicon: Lexicon
    weights: Weights
    meant: Mapping[str, str]
    found: list[Found] = field(default_factory=list)
    encoded: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    cheap: str = ""
    # Inside of what was read as one: "sports" of "sports watch".
    modifiers: list[Unit] = field(default_factory=list)

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
                self.modifiers += self._modifiers(found)
            elif _is_telling(word, self.lexicon):
                word = self.text[self.words[at].start : self.words[at].end].lower()
                self.unknown += [word] if word not in self.unknown else []
            at += found.taken if found else 1
        self._join_compounds()
        self._join_alternatives()
        self._keep_one_head()
        self._encode()

    def units(self) -> list[Unit]:
        """The units that were found, each once, and what they imply."""
        units: list[Unit] = []
        for unit in [*(found.unit for found in self.found), *self.modifiers]:
            if all(not unit.values or unit.values != other.values for other in units):
                units.append(unit)
        return units + _implied_units(units, self.lexicon, self.weights)

    def _next(self, at: int) -> Found | None:
        """What the longest run of words from here on names, or None."""
        words, lexicon = self.words, self.lexicon
        begins = words[at].text[0].isdigit() or words[at].text in BEGINNINGS
        if begins and (measure := measure_at(self.text, words[at].start)):
            taken = sum(words[at].start <= word.start < measure.end for word in words)
            if not lexicon.senses([word.text for word in words[at : at + taken]]):
                unit = replace(self._unit(at, taken, {}, measure.phrases), alike=True)
                return Found(unit, at, taken)
        for length in range(min(LONGEST, lexicon.longest, len(words) - at), 0, -1):
            run = [word.text for word in words[at : at + length]]
            if length == 1 and run[0] in lexicon.synonyms.fillers and not self._is_brand(at):
                break
            senses = {token: fit for token, fit in lexicon.senses(run).items() if facet_of(token) != SIZE}
            if senses or lexicon.phrases(run):
                phrases = tuple(dict.fromkeys((" ".join(run), *lexicon.phrases(run))))
                return Found(self._unit(at, length, senses, phrases), at, length)
            if served := lexicon.purposes(run):
                unit = self._unit(at, length, served, (" ".join(run),))
                unit = replace(unit, own=tuple(served), serving=tuple(served))
                return Found(unit, at, length, purpose=True)
        word = words[at].text
        if letter := self._letter(at):
            return letter
        if not _is_telling(word, lexicon):
            return None
        if not lexicon.products_with(word):
            apart = lexicon.apart(word)
            return Found(self._unit(at, 1, {}, (apart,)), at, 1) if apart else None
        other = self.meant.get(word, "")
        commoner = lexicon.products_with(other) >= COMMONER * lexicon.products_with(word)
        unit = self._unit(at, 1, {}, (word,))
        return Found(replace(unit, near=(other,)) if other and commoner else unit, at, 1)

    def _is_brand(self, at: int) -> bool:
        """Whether a word that asks for nothing is meant as a brand: it stands in capitals among others, or only such words stand here."""
        word, fillers = self.words[at], self.lexicon.synonyms.fillers
        in_capitals = self.text[word.start : word.end].isupper() and not self.text.isupper()
        if not in_capitals and any(other.text not in fillers for other in self.words):
            return False
        return bool(_of_facet(self.lexicon.senses([word.text]), BRAND))

    def _modifiers(self, found: Found) -> list[Unit]:
        """The values that words name inside of a run whose last word alone names the same kind."""
        run = self.words[found.at : found.at + found.taken]
        if len(run) < 2 or found.unit.own or found.unit.facets[:1] != (CATEGORY,):
            return []
        if not self.lexicon.senses([run[-1].text]).keys() & found.unit.values.keys():
            return []
        units = []
        for at in range(found.at, found.at + found.taken - 1):
            senses = self.lexicon.senses([self.words[at].text])
            own = {
                token: fit for token, fit in senses.items() if fit >= EXACT and facet_of(token) != CATEGORY
            }
            if own:
                units.append(self._unit(at, 1, own, (self.words[at].text,)))
        return units

    def _letter(self, at: int) -> Found | None:
        """A letter and the word that it belongs to, as in "v neck", which texts hold together; None where there is none."""
        letter, *after = (word.text for word in self.words[at : at + 2])
        if len(letter) > 1 or not letter.isalpha() or letter in self.lexicon.synonyms.fillers or not after:
            return None
        (word,) = after
        if len(word) == 1 or self.lexicon.senses([word]) or not self.lexicon.products_with(word):
            return None
        return Found(self._unit(at, 2, {}, (f"{letter} {word}",)), at, 2)

    def _unit(self, at: int, length: int, senses: Mapping[str, float], phrases: tuple[str, ...]) -> Unit:
        typed = self.text[self.words[at].start : self.words[at + length - 1].end]
        run = [word.text for word in self.words[at : at + length]]
        own = tuple(token for token in senses if self.lexicon.is_called(token, run))
        head = run[-1] if length > 1 and self._is_kind_by_meaning(run[-1]) else ""
        importance = importance_of(senses, phrases, self.lexicon, self.weights)
        return Unit(
            typed,
            dict(senses),
            phrases,
            importance,
            own=own,
            roots=self.lexicon.roots(senses),
            head=head,
            spelt=self.lexicon.spellings(run),
        )

    def _is_kind_by_meaning(self, word: str) -> bool:
        """Whether a word stands for kinds of products of which none is called so."""
        kinds = _of_facet(self.lexicon.senses([word]), CATEGORY)
        return bool(kinds) and not any(self.lexicon.is_called(token, [word]) for token in kinds)

    def _join_compounds(self) -> None:
        """Note with each kind what stands right before it, as long as that is no colour, brand or whom it is for."""
        for before, found in pairwise(self.found):
            facet, *_ = (*before.unit.facets, "")
            adjacent = before.at + before.taken == found.at
            if (
                adjacent
                and found.unit.facets[:1] == (CATEGORY,)
                and facet not in (COLOUR, BRAND, GENDER, SIZE)
            ):
                run = [word.text for word in self.words[before.at : found.at + found.taken]]
                found.unit = replace(found.unit, compound=" ".join(run))

    def _join_alternatives(self) -> None:
        """Make one unit of "red or blue", which asks for either colour."""
        joined: list[Found] = []
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
                own = (*last.unit.own, *found.unit.own)
                unit = Unit(typed, both, phrases, max(last.unit.importance, found.unit.importance), own=own)
                joined[-1] = Found(unit, last.at, found.at + found.taken - last.at)
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

    def _is_owned(self, found: Found) -> bool:
        return found.at > 0 and self.words[found.at - 1].text in OWNERS

    def _first_preposition(self) -> int:
        texts = [word.text for word in self.words]
        places = (
            at for at in range(1, len(texts)) if texts[at] in PREPOSITIONS and texts[at - 1] not in SEEKING
        )
        return next(places, len(texts))

    def _go_together(self, found: Found, head: Found) -> bool:
        return self.lexicon.stand_together(found.unit.values.keys(), head.unit.values.keys())

    def _encode(self) -> None:
        starts = {found.at: found for found in self.found}
        at = 0
        while at < len(self.words):
            found = starts.get(at)
            taken = found.taken if found else 1
            if self.words[at].text not in CHEAP:
                run = self.words[at : at + taken]
                typed = self.text[run[0].start : run[-1].end]
                self.encoded.append(_encoded(typed, found.unit if found else None))
            at += taken


def _longest(found: Sequence[Found]) -> list[Found]:
    """Those of the most words: "my feet" of "keep my feet warm"."""
    most = max((one.taken for one in found), default=0)
    return [one for one in found if one.taken == most]


def _mention(unit: Unit, lexicon: Lexicon, weights: Weights) -> Unit:
    """The unit as words that texts may hold, not as a value that products have."""
    importance = importance_of({}, unit.phrases, lexicon, weights)
    return Unit(unit.text, {}, unit.phrases, importance, serving=unit.serving)


def importance_of(
    senses: Mapping[str, float], phrases: Sequence[str], lexicon: Lexicon, weights: Weights
) -> float:
    """Return the share in a product's score of a thing: its facet's weight, or a word's, the more the rarer it is."""
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
        for target in lexicon.implied([word.text for word in split((unit.phrases or (unit.text,))[0])]):
            senses = lexicon.senses([word.text for word in split(target)])
            facets = {facet_of(token) for token in senses}
            if senses and not facets & asked:
                importance = importance_of(dict(senses), (), lexicon, weights)
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
