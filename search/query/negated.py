"""What a negation leaves out: products that have one of the values of what is negated, or that hold it in their texts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ..facets import BRAND, CATEGORY, COLOUR, GENDER, SIZE, facet_of, token_of
from ..sentences import lazily as _
from ..sentences import said
from ..text import split
from .lexicon import ALIAS, Lexicon
from .negation import LACKING, Stretch, Thing
from .opposites import LESS, load_opposites

TOLD = 0.25  # a facet tells who has a value where it has so many of the products whose texts hold the word
UNKNOWN = _("“%(text)s” was not applied: the catalogue does not tell.")
SIZES = _("“%(text)s” was not applied: products come in several sizes.")
TWICE = _("“%(text)s” was not applied: it negates twice; say what you want instead.")

# Of these a product's own value decides, and a mention in its texts is nothing: "shirt" stands in every t-shirt's name.
_DECIDED = frozenset((CATEGORY, BRAND, COLOUR, GENDER))


@dataclass(frozen=True, slots=True)
class Negated:
    """What a product may not have: one of some values, or a phrase in its texts."""

    text: str  # the stretch, as typed: "without print"
    word: str  # what it negates, as typed: "print"
    values: tuple[str, ...] = ()  # tokens that no result has
    phrase: str = ""  # whose words no result's texts hold together; "" where values decide
    told: tuple[
        str, ...
    ] = ()  # a product with one of these tokens has the phrase only where its name holds it
    unless: tuple[
        str, ...
    ] = ()  # phrases by which texts hold the words without having the thing: "faux leather"


@dataclass(frozen=True, slots=True)
class Opposite:
    """What says of a product that it lacks what is negated."""

    text: str  # the stretch
    said: str  # a phrase that says just that: "non leather"; "" where none of the texts has it
    values: Mapping[str, float]
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Negations:
    """All that a query negates, as the catalogue can tell it."""

    negated: tuple[Negated, ...] = ()
    opposites: tuple[
        Opposite, ...
    ] = ()  # of things that only texts tell of, which are silent about most that they lack
    encoded: tuple[str, ...] = ()  # words for the encoder: "sleeveless" for "without sleeves"
    unapplied: tuple[str, ...] = ()  # a sentence for each stretch or thing that could not be applied


def resolve_negations(stretches: Sequence[Stretch], lexicon: Lexicon, kinds: Collection[str]) -> Negations:
    """Return what the stretches of a query leave out.

    Args:
        stretches: as they were cut from it.
        lexicon: the catalogue's words.
        kinds: tokens of the categories that the rest of the query names.
    """
    negated: list[Negated] = []
    opposites: list[Opposite] = []
    encoded: list[str] = []
    unapplied = [said(TWICE, text=stretch.text) for stretch in stretches if not stretch.things]
    for stretch in stretches:
        for thing in stretch.things:
            one = _negated(stretch, thing, lexicon, kinds)
            values, phrases = _found(_others(thing), lexicon)
            if isinstance(one, Negated):
                negated.append(one)
                rather = bool(one.phrase) and not one.told and bool(values or phrases)
            elif values:  # no text has "pattern", but Solid is a value
                rather = True
            else:
                unapplied.append(one)
                continue
            encoded += phrases[:1]
            if rather:
                opposites.append(
                    Opposite(stretch.text, thing.said if thing.said in phrases else "", values, phrases)
                )
    return Negations(tuple(negated), tuple(opposites), tuple(dict.fromkeys(encoded)), tuple(unapplied))


def _negated(stretch: Stretch, thing: Thing, lexicon: Lexicon, kinds: Collection[str]) -> Negated | str:
    """What a product may not have, or a sentence that says why that cannot be told."""
    held = bool(thing.run) and all(lexicon.products_with(word) for word in thing.run)
    senses = lexicon.senses(thing.run)
    sized = [token for token in senses if facet_of(token) == SIZE]
    values = _values(thing.run, lexicon, kinds, held)
    if sized and not values:
        return said(SIZES, text=stretch.text)
    if not values and not held:
        return said(UNKNOWN, text=stretch.text)
    facets = {facet_of(token) for token in values}
    phrase = thing.typed if held else ""
    told: tuple[str, ...] = ()
    if facets & _DECIDED:
        phrase = phrase if _is_part(stretch.cue, values, lexicon, kinds) else ""
    elif values and held and _tells(values, thing.run, lexicon):
        told = tuple(token_of(facet, value) for facet, value, _ in lexicon.values() if facet in facets)
    word = thing.typed
    unless = (f"non {word}", f"faux {word}", f"artificial {word}", f"imitation {word}", f"synthetic {word}")
    less = tuple(f"{one.removesuffix('s')}{LESS}" for one in thing.run[-1:])
    return Negated(stretch.text, word, values, phrase, told, (*unless, *less) if phrase else ())


def _values(run: Sequence[str], lexicon: Lexicon, kinds: Collection[str], held: bool) -> tuple[str, ...]:
    """The tokens that a run of words negates: of values that are called so; else of those that mean it best.

    A kind that the catalogue does not call so is told by texts where they hold the word ("polo" among t-shirts), and never by
    values that are all that is asked for.
    """
    senses = {token: fit for token, fit in lexicon.senses(run).items() if facet_of(token) != SIZE}
    own = tuple(token for token in senses if lexicon.is_called(token, run))
    if own or not senses:
        return own
    best = max(senses.values())
    meant = tuple(token for token, fit in senses.items() if fit == best)
    if any(facet_of(token) == CATEGORY for token in meant) and (held or not set(kinds) - set(meant)):
        return ()
    return meant


def _is_part(cue: str, values: Sequence[str], lexicon: Lexicon, kinds: Collection[str]) -> bool:
    """Whether a category is negated as something that comes with a product ("dress without belt"), of which texts tell."""
    if not kinds or any(facet_of(token) != CATEGORY for token in values):
        return False
    if lexicon.stand_together(kinds, values):
        return False
    return cue in LACKING or set(lexicon.roots(kinds)).isdisjoint(lexicon.roots(values))


def _tells(values: Sequence[str], run: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether the products with some values are enough of those whose texts hold the words to trust the facet."""
    holding = min(lexicon.products_with(word) for word in run)
    return sum(lexicon.facets[token] for token in values) >= TOLD * holding


def _others(thing: Thing) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (thing.said, *(load_opposites().of(thing.run) or ())))))


def _found(others: Sequence[str], lexicon: Lexicon) -> tuple[dict[str, float], tuple[str, ...]]:
    """The values that phrases are called, and those of the other phrases whose words some product's texts hold."""
    values: dict[str, float] = {}
    phrases: list[str] = []
    for other in others:
        run = [word.text for word in split(other)]
        called = {token: fit for token, fit in lexicon.senses(run).items() if fit >= ALIAS}
        values |= called
        if not called and (lexicon.products_with(other) or all(map(lexicon.products_with, run))):
            phrases.append(other)
    return values, tuple(phrases)
