"""Clean a query, and parse it with the lexicon of a catalogue: what each part of it asks for.

Money is read first, then what is negated, sizes and ages, then the longest phrases that name something, then single words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..conf import Weights
from ..facets import CATEGORY, facet_of, values_of
from ..sentences import changed
from ..text import cut_text, split
from .children import children_stated, for_children
from .codes import ReadCodes
from .languages import Translation, read_words
from .lexicon import EXACT, LOOSE, Lexicon
from .negated import Negated, Negations, Opposite, resolve_negations
from .negation import NEGATES, Stretch, cut_negations, turned_price
from .prices import ANY_MONEY, MONEY, Money, Price, ShopMoney, read_money, sale_notes, sale_senses
from .sizes import Read, sizes_beside_words, with_sizes
from .stated_sizes import SIZED, find_sizes
from .words import Reading, Unit, importance_of

SHOWN_VALUES = 5  # of a part that is shown; the best fitting
LACKING = 0.5  # a value that fits no better than this is not shown as what is asked for
EXCLUDED = re.compile(r'(?:(?<=\s)|^)-("[^"]*"?|\S+)')  # what has a minus in front
_QUOTED = re.compile(r'"([^"]+)"')
_TYPED = re.compile(
    "(?<=[\u201c\u201e])[^\u201c\u201d\u201e]+(?=[\u201c\u201d])"
)  # what a sentence quotes of the query
NOTHING_MEANT: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Query:
    """A cleaned query and its parts."""

    text: str  # as the shopper reads it again
    wanted: str  # without what is excluded: what the encoder sees
    excluded: tuple[str, ...]  # words and phrases with a minus in front
    quoted: tuple[str, ...] = ()  # phrases of `wanted` that stood in quotation marks
    cut: bool = False  # whether more was typed
    dropped: bool = False  # whether some of what was typed is no text, and left out

    @property
    def has_words(self) -> bool:
        """Whether a letter or digit is left; emoji alone have no meaning to the encoder."""
        words = self.wanted.lower().split()
        return any(word != "or" and any(map(str.isalnum, word)) for word in words)


def clean_query(text: str | None) -> Query:
    """Return the query normalised (NFC, no control characters, single spaces) with its parts, cut at a word within 200 characters.

    Whatever a person can type, or send in place of it, is read: what is no text is left out. None is nothing.

    Raises:
        TypeError: it is no text at all, but an object of another type.
    """
    if text is not None and not isinstance(text, str):
        raise TypeError(f"The text of a query must be a str, not {type(text).__name__}.")
    cleaned, cut, dropped = cut_text(text or "")
    excluded = tuple(term.strip('"') for term in EXCLUDED.findall(cleaned))
    kept = EXCLUDED.sub(" ", cleaned)
    wanted = " ".join(kept.replace('"', " ").split())
    return Query(
        text=cleaned,
        wanted=wanted,
        excluded=tuple(term for term in excluded if any(map(str.isalnum, term))),
        quoted=tuple(" ".join(phrase.split()) for phrase in _QUOTED.findall(kept) if phrase.strip()),
        cut=cut,
        dropped=dropped,
    )


@dataclass(frozen=True, slots=True)
class Understood:
    """A query, parsed with the words of a catalogue."""

    units: tuple[Unit, ...] = ()
    price: Price | None = None
    cheap: str = ""  # a word such as "cheap", as typed
    unknown: tuple[str, ...] = ()  # words that no product holds
    encoded: str = ""  # what the text encoder reads: shoppers' words as the catalogue has them
    order: str = ""  # "price" or "-price", where the query asks for the cheapest or the dearest
    ordering: str = ""  # the words that do, as typed
    codes: tuple[str, ...] = ()  # codes of products, as typed
    notes: tuple[str, ...] = ()  # sentences about what of the query was not applied, or converted
    language: str = ""  # code of the list of words that it was read with; "" for the catalogue's language
    unlisted: bool = False  # most words are in no list, and unknown to the catalogue
    negated: tuple[Negated, ...] = ()  # what no product may have

    @property
    def lists_all(self) -> bool:
        """Whether nothing but prices or what is not wanted is said, so that everything else is asked for."""
        return not (self.units or self.unknown or self.codes) and bool(
            self.price or self.order or self.notes or self.negated
        )

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
    shop: ShopMoney = ANY_MONEY,
    codes: ReadCodes | None = None,
) -> Understood:
    """Return what a query asks for; nothing but the arguments counts, and what the lexicon says is in stock.

    Args:
        text: the cleaned query, without what it excludes.
        lexicon: the catalogue's words.
        weights: how much facets and words count.
        quoted: phrases of the text that products must hold word for word.
        meant: words that are rare in the catalogue, in lower case, each with a commoner one that may have been meant; products
            with that one are results, too.
        shop: what the shop's prices are in.
        codes: what the query says of codes of products; None where it holds nothing like one.
    """
    rest, literal = _without(codes.rest if codes else text, quoted)
    stated = _stated(rest, lexicon, weights, shop)
    spoken = in_english(stated.rest, lexicon)
    unlisted = spoken.unlisted
    if spoken.pieces:  # then prices, negations and sizes are said in that language, too
        spoken = read_words(rest, lexicon, spoken.language)
        stated = _stated(spoken.text, lexicon, weights, shop)
    money, sizes, negations = stated.money, stated.sizes, Negations()
    reading = Reading(stated.rest, split(stated.rest), lexicon, weights, meant)
    reading.read()
    units = [Unit(phrase, {}, (phrase,), weights.category) for phrase in literal]
    found = reading.units()
    units += with_sizes(found, sizes.asked, lexicon, weights) if sizes.asked else found
    on_sale = sale_senses(money, lexicon.senses) if money.sale else {}
    if on_sale:
        units.append(Unit(money.sale, on_sale, (), importance_of(on_sale, (), lexicon, weights)))
    kinds = {token for unit in units for token in unit.values if facet_of(token) == CATEGORY}
    if stated.stretches:
        negations = resolve_negations(stated.stretches, lexicon, kinds)
    # Of "something not formal" nothing is left that could be near to anything, unless other things are asked for besides.
    says_more = bool(units or reading.unknown or not negations.negated)
    encoded = [*literal, *reading.encoded] if says_more else []
    encoded += negations.encoded if says_more or negations.opposites else ()
    typed_codes, code_notes = (codes.typed, codes.notes) if codes and codes.keys else ((), ())
    sale = sale_notes(money, bool(on_sale)) if money.sale else ()
    understood = Understood(
        (
            *_with_children(units, lexicon),
            *(_opposite_unit(one, weights) for one in negations.opposites),
        ),
        stated.price,
        reading.cheap,
        tuple(reading.unknown),
        " ".join(filter(None, (*typed_codes, *encoded))),
        money.order,
        money.ordering,
        codes=typed_codes,
        notes=(*code_notes, *money.notes, *sale, *stated.unapplied, *negations.unapplied, *sizes.notes),
        language=spoken.language,
        unlisted=unlisted,
        negated=negations.negated,
    )
    return _as_typed(understood, spoken) if spoken.pieces else understood


class _Stated(NamedTuple):
    """What is read before words: money, what is negated, sizes."""

    money: Money
    price: Price | None  # turned where it is negated
    stretches: tuple[Stretch, ...]  # that negate
    unapplied: tuple[str, ...]  # sentences
    sizes: Read

    @property
    def rest(self) -> str:
        """The query without these."""
        return self.sizes.rest


def _stated(text: str, lexicon: Lexicon, weights: Weights, shop: ShopMoney) -> _Stated:
    """What a query states beside its words; what most queries lack is looked for with one pattern first."""
    money = read_money(text, shop) if MONEY.search(text) else Money(text)
    price, rest = money.price, money.rest
    unapplied: tuple[str, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    if NEGATES.search(text):
        price, rest, unapplied = turned_price(text, money.price, money.rest)
        rest, stretches = cut_negations(rest, lexicon)
    found = find_sizes(rest) if SIZED.search(rest) else []
    sizes = sizes_beside_words(rest, found, lexicon, weights) if found else Read((), (), rest)
    return _Stated(money, price, stretches, unapplied, sizes)


def in_english(text: str, lexicon: Lexicon) -> Translation:
    """Return a text in English where its words are of another language that has a list."""
    own = text.isascii() and not lexicon.may_be_foreign(word.text for word in split(text))
    return Translation(text, text) if own else read_words(text, lexicon)


def _as_typed(understood: Understood, spoken: Translation) -> Understood:
    """What was understood of the English text, with its stretches as they were typed in another language."""

    def typed(text: str) -> str:
        return spoken.as_typed(text) if text else text

    price = understood.price
    return replace(
        understood,
        units=tuple(
            unit if unit.implied and not unit.opposite else replace(unit, text=typed(unit.text))
            for unit in understood.units
        ),
        price=price and replace(price, text=typed(price.text)),
        cheap=typed(understood.cheap),
        ordering=typed(understood.ordering),
        unknown=tuple(dict.fromkeys(typed(word).lower() for word in understood.unknown)),
        negated=tuple(replace(one, text=typed(one.text)) for one in understood.negated),
        notes=tuple(
            changed(note, lambda said: _TYPED.sub(lambda found: typed(found[0]), said))
            for note in understood.notes
        ),
    )


def _opposite_unit(one: Opposite, weights: Weights) -> Unit:
    """What says that a product lacks what is negated; it is asked for besides."""
    return Unit(one.text, one.values, one.phrases, weights.value, implied=True, opposite=True, said=one.said)


def _with_children(units: Sequence[Unit], lexicon: Lexicon) -> list[Unit]:
    """The units, with what children's products are called where they name these, and with other people's products behind them."""
    if not any(unit.values.get(token, 0.0) >= LOOSE for unit in units for token in lexicon.kids):
        return list(units)
    stated = children_stated([unit.values for unit in units], lexicon)
    found = [(unit, for_children(unit.values, unit.own, stated, lexicon)) for unit in units]
    return [
        replace(unit, values=wanted.values, titles=wanted.titles, roots=wanted.roots) if wanted else unit
        for unit, wanted in found
    ]


def _without(text: str, phrases: Sequence[str]) -> tuple[str, list[str]]:
    """The text without the phrases, and those of them that it held."""
    held = []
    for phrase in phrases:
        if phrase in text:
            text = text.replace(phrase, " ", 1)
            held.append(phrase)
    return " ".join(text.split()), held


# The parts of a query as pages and clients show them.


@dataclass(frozen=True, kw_only=True, slots=True)
class UnderstoodPart:
    """A stretch of the query that names values of a facet, a price, or what is not wanted."""

    text: str  # as typed
    facet: str  # "price" for a price, "sort" for an order, "code" for a code; "" for a word that is negated and names no value
    values: tuple[str, ...]  # best fitting first; the word where it names none
    implied: bool = False  # not typed, but asked for by something that was
    negated: bool = False  # what no result has
    without: str  # the query without it
    says: str = ""  # what it was understood as, where the values alone would not tell: "EU 42: UK 8"
    soft: bool = False  # a purpose or an occasion: what serves it comes first, and nothing else is left out


def parts_of(query: str, understood: Understood) -> Iterator[UnderstoodPart]:
    """Return the parts of a query, in the order in which they were read; a price and what is negated come last.

    Args:
        query: as the shopper reads it again.
        understood: what was made of it.
    """
    for unit in understood.units:
        if unit.opposite or not (unit.values or unit.serving):
            continue
        facet, values = shown_values(unit)
        says = f"{unit.text}: {', '.join(values)}" if unit.serving or unit.is_soft else unit.says
        yield UnderstoodPart(
            text=unit.text,
            facet=facet,
            values=values,
            implied=unit.implied,
            without=query if unit.implied else _text_without(query, unit.text),
            says=says,
            soft=unit.is_soft,
        )
    if price := understood.price:
        ends = ("" if end is None else f"{end:f}" for end in (price.lowest, price.highest))
        yield UnderstoodPart(
            text=price.text, facet="price", values=tuple(ends), without=_text_without(query, price.text)
        )
    for one in understood.negated:
        facet = facet_of(one.values[0]) if one.values else ""
        yield UnderstoodPart(
            text=one.text,
            facet=facet,
            values=tuple(values_of(facet, one.values)[:SHOWN_VALUES]) if one.values else (one.word,),
            negated=True,
            without=_text_without(query, one.text),
        )
    for excluded in EXCLUDED.finditer(query):
        if any(map(str.isalnum, excluded[1])):
            rest = f"{query[: excluded.start()]} {query[excluded.end() :]}"
            yield UnderstoodPart(
                text=excluded[0],
                facet="",
                values=(excluded[1].strip('"'),),
                negated=True,
                without=" ".join(rest.split()),
            )

    for text, facet, values in (
        *((code, "code", (code,)) for code in understood.codes),
        *([(understood.ordering, "sort", (understood.order,))] if understood.order else ()),
    ):
        yield UnderstoodPart(text=text, facet=facet, values=values, without=_text_without(query, text))


def shown_values(unit: Unit) -> tuple[str, tuple[str, ...]]:
    """Return the facet of a unit and its values of that facet, the best fitting first; "" and none for a word."""
    values = unit.values or dict.fromkeys(unit.serving, EXACT)
    fitting = [token for token, fit in values.items() if fit > LACKING] or values
    best = sorted(fitting, key=lambda token: (-values[token], token))
    facet = next(iter(unit.facets), "") or (facet_of(best[0]) if best else "")
    return facet, tuple(values_of(facet, best)[:SHOWN_VALUES])


def _text_without(query: str, text: str) -> str:
    """The query without a text, and without the ending that a possessive leaves behind."""
    pattern = r"\s+".join(re.escape(word) for word in text.split())
    rest = re.sub(rf"(?<!\w){pattern}(?:['\u2019]s?)?(?!\w)", " ", query, count=1, flags=re.IGNORECASE)
    return " ".join(rest.split())
