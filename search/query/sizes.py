"""Sizes and ages that a query states, read beside the sizes that the catalogue has."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..conf import Weights
from ..facets import CATEGORY, COLOUR, GENDER, SIZE, facet_of, value_of, values_of
from ..sentences import joined, said
from ..sentences import lazily as _
from ..text import Word, split
from .lexicon import EXACT, LOOSE, Lexicon
from .size_charts import NUMBER, WAIST, YEARS, Size, load_charts, size_of
from .stated_sizes import ADULT, Stated, blanked
from .words import Reading, Unit, importance_of

FIRST_EU = 35  # a bare number of shoes from here on is a European size
LAST_EU = 50
OR = _(" or ")
WHOSE = {
    "men": _("men\u2019s sizes"),
    "women": _("women\u2019s sizes"),
    "children": _("children\u2019s sizes"),
}
_SAID_BEFORE = (CATEGORY, GENDER, COLOUR, "pattern", SIZE)  # facets that a bare size may follow


@dataclass(frozen=True, slots=True)
class Asked:
    """A size as it was understood.

    `values` are tokens of sizes, of the gender where no size goes by the age. `who` is whose chart was used, "" where none was;
    `for_children` says that an age was stated.
    """

    text: str  # as typed
    values: Mapping[str, float]
    says: str = ""  # what it was understood as, where the values alone would not tell
    who: str = ""
    for_children: bool = False


class Read(NamedTuple):
    """The sizes of a query, sentences on what is not applied, and the text without both."""

    asked: Sequence[Asked]
    notes: Sequence[str]
    rest: str


class Part(NamedTuple):
    """What stands between the sizes: where, and the facet that it names a value of, "" for a word or none for a filler."""

    start: int
    end: int
    facet: str | None


@dataclass(frozen=True, slots=True)
class Beside:
    """What else the query names."""

    parts: Sequence[Part] = ()
    categories: tuple[str, ...] = ()  # tokens
    genders: tuple[str, ...] = ()  # tokens, the best fitting ones


def sizes_beside_words(text: str, found: Sequence[Stated], lexicon: Lexicon, weights: Weights) -> Read:
    """Return the sizes of a query, read beside what the rest of it names.

    Args:
        text: the query.
        found: what may be sizes in it.
        lexicon: the catalogue's words.
        weights: how much facets and words count.
    """
    rest = blanked(text, found)
    reading = Reading(rest, split(rest), lexicon, weights, {})
    reading.read()
    words, units, at = reading.words, reading.units(), 0
    parts: list[Part] = []
    for one in reading.found:
        parts += (_word_part(word, lexicon) for word in words[at : one.at])
        at = one.at + one.taken
        parts.append(Part(words[one.at].start, words[at - 1].end, (*one.unit.facets, "")[0]))
    parts += (_word_part(word, lexicon) for word in words[at:])
    tokens = [token for unit in units for token, fit in unit.values.items() if fit >= LOOSE]
    categories = tuple(token for token in tokens if facet_of(token) == CATEGORY)
    genders = tuple(
        token
        for unit in units
        for token, fit in unit.values.items()
        if facet_of(token) == GENDER and fit >= max(unit.values.values())
    )
    return read_sizes(text, found, Beside(parts, categories, genders), lexicon)


def _word_part(word: Word, lexicon: Lexicon) -> Part:
    return Part(word.start, word.end, None if word.text in lexicon.synonyms.fillers else "")


def with_sizes(units: list[Unit], sizes: Sequence[Asked], lexicon: Lexicon, weights: Weights) -> list[Unit]:
    """Return the units with those of sizes, and for whom these are where the query does not say."""
    for size in sizes:
        said = any(GENDER in unit.facets for unit in units)
        importance = importance_of(size.values, (), lexicon, weights)
        units.append(
            Unit(size.text, dict(size.values), (), importance, own=tuple(size.values), says=size.says)
        )
        kids = dict.fromkeys(lexicon.kids, EXACT)
        if size.for_children and not any(kids.keys() & unit.values.keys() for unit in units):
            units.append(
                Unit("children", kids, (), importance_of(kids, (), lexicon, weights), True, own=tuple(kids))
            )
        elif size.who and not said:
            senses = kids if size.who == "children" else dict(lexicon.senses([size.who]))
            importance = importance_of(senses, (), lexicon, weights)
            units.append(Unit(size.who, senses, (), importance, implied=True, own=tuple(senses)))
    return units


def read_sizes(text: str, found: Sequence[Stated], beside: Beside, lexicon: Lexicon) -> Read:
    """Return the sizes that a query asks for.

    Args:
        text: the query.
        found: what may be sizes in it.
        beside: what else it names.
        lexicon: the catalogue's words.
    """
    sizes = _Sizes(lexicon, beside)
    asked: list[Asked] = []
    notes: list[str] = []
    gone: list[Stated] = []
    for one in found:
        last = gone[-1] if gone else None
        typed = text[one.start : one.end]
        if not one.explicit and not (sizes.is_for_children(one) or _stands_beside(one, text, beside)):
            continue
        understood = sizes.ages(typed, one) if one.size.system == YEARS else sizes.sizes(typed, one)
        if understood is not None:
            if last and asked and text[last.end : one.start].strip().lower() in ("or", "/"):
                understood = _either(asked.pop(), understood, text[last.start : one.end])
                gone[-1] = one = replace(one, start=last.start)
            else:
                gone.append(one)
            asked.append(understood)
        elif one.explicit and (note := sizes.note(typed, one)):
            notes.append(note)
            gone.append(one)
    return Read(asked, notes, blanked(text, gone) if gone else text)


def _either(first: Asked, other: Asked, typed: str) -> Asked:
    """One size or the other: "size 8 or 9"."""
    values = {**first.values, **other.values}
    sides = [one.says or joined(map(value_of, one.values), OR) for one in (first, other)]
    says = joined(sides, OR) if first.says or other.says else ""
    who = first.who if first.who == other.who else ""
    return Asked(typed, values, says, who, first.for_children or other.for_children)


def _stands_beside(one: Stated, text: str, beside: Beside) -> bool:
    """Whether a bare number or letter stands where sizes do: after what is asked for, or before it at the beginning."""
    told = [part for part in beside.parts if part.facet is not None]
    before = [part for part in told if part.end <= one.start]
    after = [part for part in told if part.start >= one.end]
    if after and not after[0].facet:
        return False
    if not before:
        return bool(after) and after[0].facet == CATEGORY
    word = text[one.start : one.end].lower() in ("small", "medium", "large")
    if word and after and after[0].facet != CATEGORY:
        return False
    return before[-1].facet in _SAID_BEFORE


class _Sizes:
    """The sizes of the catalogue, beside what a query names."""

    def __init__(self, lexicon: Lexicon, beside: Beside) -> None:
        self._lexicon = lexicon
        self._beside = beside
        self._tokens: dict[Size, list[str]] = defaultdict(list)
        for token in lexicon.sizes:
            self._tokens[size_of(value_of(token))].append(token)

    def sizes(self, typed: str, one: Stated) -> Asked | None:
        """A size of the catalogue, or one of another system that can be converted into it; None where there is none."""
        categories = self._beside.categories
        if not categories and not one.explicit:
            return None
        same = self._held([token for size in self._same(one.size) for token in self._tokens.get(size, ())])
        inseam = said(_(", inseam %(inseam)s is not applied"), inseam=one.inseam) if one.inseam else ""
        if same:
            plain = joined((value_of(token) for token in same), OR)
            return Asked(typed, dict.fromkeys(same, EXACT), joined((plain, inseam), "") if inseam else "")
        size = one.size
        if size.system == NUMBER and size.low and FIRST_EU <= size.low <= LAST_EU:
            size = Size("EU", size.low)
        for who, others, approximate in load_charts().conversions(size, self._charts()):
            systems = {
                token: other.system
                for other in others
                for like in self._same(other)
                for token in self._tokens.get(like, ())
            }
            held = self._held(list(systems), self._of(who))
            if held:
                about = not approximate.isdisjoint({size.system, *(systems[token] for token in held)})
                plain = said(
                    _("%(size)s: about %(others)s (%(whose)s)")
                    if about
                    else _("%(size)s: %(others)s (%(whose)s)"),
                    size=size,
                    others=joined((value_of(token) for token in held), OR),
                    whose=WHOSE[who],
                )
                return Asked(typed, dict.fromkeys(held, EXACT), joined((plain, inseam), ""), who=who)
        return None

    def ages(self, typed: str, one: Stated) -> Asked | None:
        """The children's sizes that hold an age, or children's products where sizes do not go by it; None where it is no child's."""
        low, high = one.size.low, one.size.high
        if low >= ADULT:
            return None
        exact = self._tokens.get(one.size, [])
        holding = [
            token
            for size, tokens in self._tokens.items()
            for token in tokens
            if size.system == YEARS
            and size.low < max(high, low + 0.01) + (high > low)
            and low < size.high + 1
        ]
        held = self._held(exact or holding)
        kids = self._lexicon.kids
        if held:
            return Asked(typed, dict.fromkeys(held, EXACT), for_children=bool(kids))
        if not kids or not (one.explicit or self.is_for_children(one)):
            return None
        genders = [token for token in self._beside.genders if token in kids] or kids
        return Asked(
            typed,
            dict.fromkeys(genders, EXACT),
            said(_("%(typed)s: for children; no size of this goes by age"), typed=typed),
            for_children=True,
        )

    def is_for_children(self, one: Stated) -> bool:
        """Whether a bare age is one: beside a child, or beside what children's sizes go by."""
        if one.size.system != YEARS:
            return False
        if not set(self._beside.genders).isdisjoint(self._lexicon.kids):
            return True
        years = [token for size, tokens in self._tokens.items() if size.system == YEARS for token in tokens]
        return bool(self._beside.categories) and bool(self._held(years))

    def note(self, typed: str, one: Stated) -> str:
        """A sentence on why a size is not applied; "" where it may be another thing."""
        if one.size.system == YEARS:
            return said(
                _("“%(typed)s”: sizes here do not go by that age, so it is not applied."), typed=typed
            )
        if not self._tokens:
            return ""
        what = values_of(CATEGORY, self._beside.categories)
        if not what:
            return said(
                _("“%(typed)s”: no size in stock is that or can be converted to it, so it is not applied."),
                typed=typed,
            )
        return said(
            _(
                "“%(typed)s”: no size in stock of %(what)s is that or can be converted to it, so it is not applied."
            ),
            typed=typed,
            what=what[0],
        )

    def _same(self, size: Size) -> list[Size]:
        """The sizes that a size may be called in the catalogue: a number without a system is one of any."""
        if size.system == NUMBER:
            numbers = [
                other
                for other in self._tokens
                if other.low == size.low and other.system in (NUMBER, "UK", "EU", "US")
            ]
            own = [other for other in numbers if other.system == NUMBER]
            return own or numbers
        return [size, Size(NUMBER, size.low)] if size.system == WAIST else [size]

    def _held(self, tokens: Sequence[str], genders: Collection[str] = ()) -> list[str]:
        """Those of the sizes in which something of the categories is in stock."""
        held = (
            self._lexicon.held(self._beside.categories, tuple(tokens), tuple(genders))
            if tokens
            else frozenset()
        )
        return [token for token in tokens if token in held]

    def _of(self, who: str) -> tuple[str, ...]:
        return self._lexicon.kids if who == "children" else tuple(self._lexicon.senses([who]))

    def _charts(self) -> Iterator[str]:
        """Whose charts are looked at: those of whom the query is for, else all."""
        asked = set(self._beside.genders)
        for who in ("men", "women", "children"):
            if not asked or not asked.isdisjoint(self._of(who)):
                yield who
