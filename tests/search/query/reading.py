"""A query, read with the made-up catalogue of `catalogue.toml`, and what was understood of it in one line; without a database."""

import tomllib
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

from search.conf import Weights
from search.facets import facet_of, token_of, value_of
from search.query.codes import Codes, ReadCodes, typed_codes
from search.query.collecting import NameCollector
from search.query.lexicon import Lexicon, parents_of
from search.query.names import Vocabulary, codes_of_name
from search.query.opposites import load_opposites
from search.query.parse import Query, Understood, clean_query, in_english, read_query
from search.query.prices import ShopMoney
from search.query.spelling import Speller, everyday_words
from search.query.synonyms import load_synonyms
from search.query.words import Unit
from search.text import fold, split, stem

FILE = Path(__file__).with_name("catalogue.toml")
MONEY = ShopMoney("INR", {"EUR": 90.0})
NEAR = 0.8  # a value that fits less is shown with "~"


@cache
def catalogue() -> dict:
    """The file."""
    return tomllib.loads(FILE.read_text())


@cache
def values() -> dict[str, int]:
    """Tokens of facets and how many products have each."""
    counts: Counter[str] = Counter()
    for path, count in catalogue()["categories"].items():
        for value in path.split(" > "):
            counts[token_of("category", value)] += count
    for facet, named in catalogue()["facets"].items():
        counts.update({token_of(facet, value): count for value, count in named.items()})
    for stock in catalogue()["stock"]:
        counts.update({token_of("size", size): 10 for size in stock["sizes"]})
    return dict(counts)


@cache
def words() -> dict[str, int]:
    """Words of texts, values' among them, and how many products hold each."""
    counts: Counter[str] = Counter()
    for token, count in values().items():
        if facet_of(token) != "size":
            counts.update(dict.fromkeys({word.text for word in split(value_of(token))}, count))
    return {word: min(count, catalogue()["total"]) for word, count in counts.items()} | catalogue()["words"]


def held(categories: Collection[str], sizes: Sequence[str], genders: Collection[str]) -> frozenset[str]:
    """Those of the sizes that are in stock in any of the categories, or below, for any of the genders."""
    parents = parents_of(path.split(" > ") for path in catalogue()["categories"])
    found = set()
    for stock in catalogue()["stock"]:
        within = {token_of("category", value) for value in stock["categories"]}
        for value in stock["categories"]:
            while value := parents.get(value, ""):
                within.add(token_of("category", value))
        whom = {token_of("gender", value) for value in stock["genders"]}
        if (not categories or within & set(categories)) and (not genders or whom & set(genders)):
            found |= {token_of("size", size) for size in stock["sizes"]}
    return frozenset(size for size in sizes if size in found)


@cache
def lexicon() -> Lexicon:
    """The catalogue's words with the lists that ship."""
    lexemes: dict[str, int] = {}
    for word, count in words().items():
        stemmed = stem(fold(word) if "-" not in word else word, "english")
        lexemes[stemmed] = max(count, lexemes.get(stemmed, 0))
    paths = [tuple(path.split(" > ")) for path in catalogue()["categories"]]
    return Lexicon(values(), lexemes, catalogue()["total"], load_synonyms(), paths=paths, held=held)


@cache
def speller() -> Speller:
    """Of the words of values and names."""
    known = {fold(word): (word.lower(), count) for word, count in words().items() if fold(word).isalpha()}
    pairs = frozenset(catalogue()["speller"]["pairs"])
    extra = load_synonyms().words | lexicon().initials | load_opposites().words
    return Speller(Vocabulary(known, pairs), everyday=everyday_words(), extra_known=extra)


@cache
def codes() -> Codes:
    """Of the products."""
    collector = NameCollector()
    for sku, name in catalogue()["products"].items():
        collector.add(sku, name=name, brand="", facets=(), sku=sku)
    return Codes(collector.names())


def _codes_of(text: str) -> ReadCodes | None:
    def as_written(keys, near):
        for key in keys:
            written = (run for code, run in codes_of_name(catalogue()["products"][key]) if code in near)
            yield next(written, key)

    typed = typed_codes(text)
    return codes().read(text, typed, as_written, lambda codes: {}) if typed else None


def understand(text: str) -> tuple[Query, Query, Understood]:
    """The query as typed, as it is read, and what was understood of it, as a search goes about it."""
    typed = read = clean_query(text)
    meant = {}
    if typed.has_words and not in_english(typed.text, lexicon()).language:
        correction = speller().correct(typed.text)
        if correction:
            read = clean_query(correction.text)
            meant = dict(correction.perhaps)
    understood = read_query(
        read.wanted,
        lexicon(),
        Weights(),
        quoted=read.quoted,
        meant=meant,
        shop=MONEY,
        codes=_codes_of(read.wanted),
    )
    return typed, read, understood


def described(text: str) -> str:
    """What is understood of a query, in one line; docs/testing.md explains it."""
    typed, read, understood = understand(text)
    said = [f"read as: {read.text}"] if read.text != typed.text else []
    said += [f"language: {understood.language}"] if understood.language else []
    said += [f"code: {code}" for code in understood.codes]
    said += [_unit(unit) for unit in understood.units]
    if price := understood.price:
        low, high = (None if end is None else f"{end.normalize():f}" for end in (price.lowest, price.highest))
        said.append(f"price={low}..{high}" if low and high else f"price>={low}" if low else f"price<={high}")
    said += (
        [{"price": "cheapest first", "-price": "dearest first"}[understood.order]] if understood.order else []
    )
    said += ["cheap"] if understood.cheap else []
    for one in understood.negated:
        phrase = [f"word:{one.phrase.lower()}"] if one.phrase and not one.told else []
        said.append("not " + " or ".join([*_joined(one.values), *phrase]))
    said += [f"not word:{word}" for word in read.excluded]
    said += [f"unknown: {word}" for word in understood.unknown]
    said += ["no list"] if understood.unlisted else []
    said += [f"note: {note}" for note in understood.notes]
    said += ["cut"] if typed.cut else []
    return " | ".join(said)


def _unit(unit: Unit) -> str:
    if unit.values:
        best = max(unit.values.values())
        (said,) = _joined(token for token, fit in unit.values.items() if fit == best)
        said = f"~{said}" if best < NEAR and not unit.says else said
        said += "".join(f" or word:{phrase}" for phrase in unit.phrases) if unit.opposite else ""
    else:
        said = f"word:{'/'.join(unit.phrases if not unit.alike else unit.phrases[:1])}"
    said += "".join(f" or nearly {word}" for word in unit.near)
    said += f" ({unit.says})" if unit.says else ""
    return f"rather {said}" if unit.opposite else f"implied {said}" if unit.implied else said


def _joined(tokens) -> list[str]:
    """ "colour=Blue/Navy Blue", for tokens of one facet, in the order of the alphabet; one for each facet."""
    by_facet: dict[str, list[str]] = {}
    for token in sorted(tokens):
        by_facet.setdefault(facet_of(token), []).append(value_of(token))
    return (
        [" or ".join(f"{facet}={'/'.join(values)}" for facet, values in by_facet.items())] if by_facet else []
    )
