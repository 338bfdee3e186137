"""How a query was read: each part as it was typed, what it became, where that comes from, and how many products have it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..conf import get_settings
from ..models import IndexEntry, IndexVersion
from ..query.codes import MOST_HITS
from ..query.lexicon import EXACT, NEAR
from ..query.origins import listed_words, origin_of_negation, origins_of
from ..query.parse import clean_query
from ..query.prices import FALLING
from ..session import search_session
from ..text import split
from .answers import NO_LIST
from .candidates import Space, terms_of
from .ranking import RankingQuery, understand
from .relaxation import begin_of
from .request import NO_FILTERS
from .service import cut_notes, slips_of

PRICE_WORDS = "words and signs of prices (search/query/prices.py)"
NEGATION_WORDS = "words of negation (search/query/negation.py)"
SKUS_AND_NAMES = "SKUs and the codes in names"
MINUS = "a minus in front"
FILLERS = "asks for nothing (fillers in search/synonyms.toml)"
NOWHERE = "no product has it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """One of the things that a part of a query stands for."""

    name: str  # "colour=Navy Blue", a word, or a bound of the price
    fit: float  # from 0 to 1
    origin: str  # a sentence, or a line of a list


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadPart:
    """A part of a query."""

    kind: str  # "value", "word", "opposite", "price", "order", "cheap", "code", "negated", "excluded", "unknown" or "filler"
    typed: str
    english: str = ""  # where a list of another language has it
    meanings: tuple[Meaning, ...] = ()  # best fitting first
    says: str = ""  # what the chip says beside that
    implied: bool = False  # not typed
    importance: float = 0.0  # its share in a product's score
    products: int | None = (
        None  # that have it; for what is left out, that are left; None where that says nothing
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A query as it was read."""

    typed: str
    searched: str  # with its slips corrected
    language: str  # code of the list of words; "" for the catalogue's language
    parts: tuple[ReadPart, ...]  # in the order of the query; what is implied comes last
    encoded: str  # what the text encoder reads
    notes: tuple[str, ...]
    degraded: str  # why the encoder was not asked; ""
    products: int  # of the version
    all_parts: int  # products that have all that is asked for


def read_as_searched(text: str, version: IndexVersion) -> Reading:
    """Return how a search reads a query.

    Args:
        text: as a shopper types it.
        version: an index version whose words are counted.

    Raises:
        DatabaseError: the index could not be asked.
    """
    typed = clean_query(text)
    corrected, meant = slips_of(version, typed) or (None, {})
    query, degraded = understand(version, corrected or typed, meant=meant)
    with search_session():
        parts = [*_asked(query), *_stated(query), *_left_out(query)]
        space = Space.of(version, query.under(NO_FILTERS), query.typed, query.understood.negated)
        kept = space.entries()
        whole = kept.holding(query.terms, space.config) if query.terms else kept
        total, having = IndexEntry.objects.in_version(version.pk).count(), whole.count()
    no_list = [NO_LIST] if query.understood.unlisted else []
    return Reading(
        typed=typed.text,
        searched=query.typed.text,
        language=query.understood.language,
        parts=tuple(_in_order(query, parts)),
        encoded=query.understood.encoded,
        notes=(*cut_notes(typed), *query.understood.notes, *no_list),
        degraded=degraded,
        products=total,
        all_parts=having,
    )


def _asked(query: RankingQuery) -> Iterator[ReadPart]:
    """The units, each with how many products have it."""
    space = Space.of(query.version, NO_FILTERS)
    weights, lexicon, understood = get_settings().weights, query.words.lexicon, query.understood
    for unit in understood.units:
        origins = origins_of(unit, lexicon, query.typed.quoted)
        meanings = [
            Meaning(name=name, fit=unit.values.get(name, NEAR if name in unit.near else EXACT), origin=origin)
            for name, origin in origins.items()
        ]
        yield ReadPart(
            kind="opposite" if unit.opposite else "value" if unit.values else "word",
            typed=unit.text,
            meanings=tuple(meanings),
            says=unit.says,
            implied=unit.implied,
            importance=unit.importance,
            products=space.entries().holding(terms_of([unit], weights), space.config).count(),
        )


def _stated(query: RankingQuery) -> Iterator[ReadPart]:
    """Prices, orders and codes."""
    understood = query.understood
    if price := understood.price:
        ends = (("from", price.lowest), ("up to", price.highest))
        meanings = (
            Meaning(name=f"price {name} {end:f}", fit=1.0, origin=PRICE_WORDS)
            for name, end in ends
            if end is not None
        )
        within = IndexEntry.objects.in_version(query.version.pk).matching(query.under(NO_FILTERS))
        yield ReadPart(kind="price", typed=price.text, meanings=tuple(meanings), products=within.count())
    if understood.order:
        name = "dearest first" if understood.order == FALLING else "cheapest first"
        yield ReadPart(
            kind="order",
            typed=understood.ordering,
            meanings=(Meaning(name=name, fit=1.0, origin=PRICE_WORDS),),
        )
    if understood.cheap:
        meaning = Meaning(name="the cheaper the better", fit=1.0, origin="CHEAP in search/query/words.py")
        yield ReadPart(kind="cheap", typed=understood.cheap, meanings=(meaning,))
    for code in understood.codes:
        keys = query.codes.keys[:MOST_HITS] if query.codes else ()
        skus = IndexEntry.objects.in_version(query.version.pk).of_products(keys).values_list("sku", flat=True)
        meanings = (Meaning(name=sku, fit=1.0, origin=SKUS_AND_NAMES) for sku in sorted(skus))
        yield ReadPart(kind="code", typed=code, meanings=tuple(meanings), products=len(keys))


def _left_out(query: RankingQuery) -> Iterator[ReadPart]:
    """What no product may have, with how many are left by each; and words that no product has."""
    entries, config = IndexEntry.objects.in_version(query.version.pk), query.version.config
    for one in query.understood.negated:
        origin = f"{NEGATION_WORDS}; {origin_of_negation(one, query.words.lexicon)}"
        named = (*one.values, *([one.phrase] if one.phrase else []))
        meanings = tuple(Meaning(name=f"not {name}", fit=1.0, origin=origin) for name in named)
        yield ReadPart(
            kind="negated", typed=one.text, meanings=meanings, products=entries.lacking([one], config).count()
        )
    for word in query.typed.excluded:
        meaning = Meaning(name=f"not {word}", fit=1.0, origin=MINUS)
        left = entries.excluding([word], config).count()
        yield ReadPart(kind="excluded", typed=f"-{word}", meanings=(meaning,), products=left)
    for word in query.understood.unknown:
        yield ReadPart(
            kind="unknown", typed=word, meanings=(Meaning(name=word, fit=0.0, origin=NOWHERE),), products=0
        )


def _in_order(query: RankingQuery, parts: Sequence[ReadPart]) -> Iterator[ReadPart]:
    """The parts as they stand in the query, with words of other languages as they were read, and those that ask for nothing."""
    text, understood = query.typed.text.lower(), query.understood
    listed = list(listed_words(query.typed.text, understood.language, query.words.lexicon))
    placed = [(_place(text, part), part) for part in parts]
    covered = " ".join(part.typed.lower() for part in parts)
    said = {word.text for word in split(covered)}
    for word in split(query.typed.text):
        if word.text not in said:
            said.add(word.text)
            english, line = _english(text[word.start : word.end], listed)
            meaning = Meaning(name="", fit=0.0, origin=f"{FILLERS}{f'; {line}' if line else ''}")
            part = ReadPart(
                kind="filler",
                typed=query.typed.text[word.start : word.end],
                english=english,
                meanings=(meaning,),
            )
            placed.append((word.start, part))
    for _, part in sorted(placed, key=lambda one: one[0]):
        english, line = _english(part.typed, listed)
        yield _listed(part, english, line) if english and part.kind != "filler" else part


def _english(typed: str, listed: Sequence[tuple[str, str, str]]) -> tuple[str, str]:
    """What a list has for the words of a stretch, in English, and its lines; "" where it has none of them."""
    found = [
        (english, line)
        for word, english, line in listed
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", typed, re.IGNORECASE)
    ]
    return " ".join(filter(None, (english for english, _ in found))), ", ".join(
        dict.fromkeys(line for _, line in found)
    )


def _place(text: str, part: ReadPart) -> int:
    """Where in the query a part stands; behind it where it was not typed as it is."""
    return len(text) if part.implied and part.kind != "opposite" else begin_of(part.typed, text)


def _listed(part: ReadPart, english: str, line: str) -> ReadPart:
    meanings = tuple(replace(one, origin=f"{line}; {one.origin}") for one in part.meanings)
    return replace(part, english=english, meanings=meanings)
