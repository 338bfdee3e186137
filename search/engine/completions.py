"""Completing what is being typed: what it says so far, and the words and values that products have beside it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from ..conf import get_settings
from ..query.names import NO_FACET, Names, title_of
from ..query.parse import EXCLUDED
from ..query.prices import read_price
from ..query.rows import Mask, PrefixIndex
from ..text import fold, inflections, is_word, keys, parts, spelt_words, split

SHORTEST_SLIP = 4  # letters; shorter beginnings are near too many words
WORDS_TYPED = 8  # further words are left aside
WORD_WEIGHT = 1.0  # of a word that names no value; those that do have the weights of their facets
INSIDE = 0.25  # share of it that a completion counts whose last word begins so, not its first: "casual shoes" for "sh"
FEWEST = 0.01  # share of the best completion's score that another one must have: what stands in one name of hundreds is no help
ADDED = 0.5  # share that a kind of product counts which is added to words that are whole

Span = tuple[int, int]  # of characters, the second one not included


@dataclass(frozen=True)
class Typed:
    """What was typed, as the catalogue has it, and the products that have all of it but its last word."""

    names: Names
    lead: str  # what stands before the last word, with its words as the catalogue writes them
    before: tuple[str, ...]  # its words, folded
    last: str  # the folded beginning of a word; "" after a space
    # The products that have the words before, without those that no product has beside the others.
    context: Mask
    said: tuple[str, ...]  # the words that this is by
    whole: bool  # whether all words before are among them

    @classmethod
    def of(cls, names: Names, text: str, *, ended: bool) -> "Typed":
        """Read a text; `ended` where a space follows the last word."""
        found, aside = list(spelt_words(text))[:WORDS_TYPED], _set_aside(text)
        # Neither prices nor what is to be left out are completed.
        if found and not ended and found[-1].start() in aside:
            return cls(names, text, (), "", Mask.empty(names.products.length), (), False)
        lead, at = "", 0
        before: list[str] = []
        said: list[str] = []
        context = Mask.full(names.products.length)
        last = found[-1] if found and not ended else None
        for word in found if last is None else found[:-1]:
            folded, written = fold(word[0]), word[0]
            known = "" if word.start() in aside else _whole_word(names, folded, context)
            if known and (narrowed := context & holding(names, known, whole=True)).any():
                context = narrowed
                said.append(known)
                written, folded = (known if known != folded else word[0]), known
            before.append(folded)
            lead += text[at : word.start()] + written
            at = word.end()
        lead = as_written(names, lead + (text[at : last.start()] if last else " " if lead else ""))
        begun = _begun(names, fold(last[0])) if last else ""
        return cls(names, lead, tuple(before), begun, context, tuple(said), len(said) == len(before))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """All words."""
        return (*self.before, self.last) if self.last else self.before

    @cached_property
    def products(self) -> Mask:
        """The products that have all of it."""
        if not self.words or not self.whole:
            return Mask.empty(self.context.length)
        return self.context & holding(self.names, self.last) if self.last else self.context

    @cached_property
    def names_kind(self) -> bool:
        """Whether a word before the last one says what kind of product is looked for."""
        return say_kind(self.names, self.said)


def _set_aside(text: str) -> frozenset[int]:
    """Where words begin that say a price or stand behind a minus: no product has these in its texts."""
    price = read_price(text)[0] if any(map(str.isdigit, text)) else None
    at = text.find(price.text) if price else -1
    places = [range(at, at + len(price.text))] if price and at >= 0 else []
    places += [range(*found.span()) for found in EXCLUDED.finditer(text)]
    starts = (word.start() for word in spelt_words(text))
    return frozenset(start for start in starts if any(start in place for place in places))


def say_kind(names: Names, words: Iterable[str]) -> bool:
    """Return whether any of the folded words, in any number, stands in a value that says what a product is."""
    index, kinds = names.value_words, set(names.kinds.tolist())
    return any(
        not kinds.isdisjoint(index.held(index.whole(form)).tolist()) for word in words for form in forms(word)
    )


def _begun(names: Names, typed: str) -> str:
    """The typed beginning of a word, in another number or with one slip mended where nothing begins so."""
    indexes = (names.products, names.value_words)
    if any(index.span(typed) for index in indexes):
        return typed
    if other := next((form for form in forms(typed) if form in names), ""):
        return other
    nearest = respelt(names.products, typed)
    return nearest if nearest != typed else respelt(names.value_words, typed)


def _whole_word(names: Names, typed: str, context: Mask) -> str:
    """The word itself where any product has it, else the one that most products of the context have of those that begin so."""
    if any(form in names for form in forms(typed)):
        return typed
    prefix = _begun(names, typed)
    span = names.products.span(prefix)
    counts = names.products.counts(span, context)
    if len(counts) and counts.max():
        return names.products.words[span.start + int(counts.argmax())]
    values = names.value_words.span(prefix)
    return names.value_words.words[values.start] if values else ""


def forms(word: str) -> list[str]:
    """Return a folded word and what may be its plural and singular."""
    return [word, *inflections(word)]


def holding(names: Names, word: str, *, whole: bool = False) -> Mask:
    """Return the products with a word in name, brand or values that begins so; with `whole`, with this word in any number."""
    spans: list[range] = []
    values: set[int] = set()
    for form in forms(word) if whole else (word,):
        index = names.products
        spans.append(index.whole(form) if whole else index.span(form))
        index = names.value_words
        values.update(index.held(index.whole(form) if whole else index.span(form)).tolist())
    mask = names.products.postings.mask(spans)
    return mask | names.having.mask(range(value, value + 1) for value in values) if values else mask


def complete(typed: Typed, limit: int) -> list[str]:
    """Return queries that some product has all of: what was typed with its last word completed, or a kind of product added.

    A completion counts by the products that have it beside the words before, times the weight of what it names. Where
    these name no kind of product, kinds come first.
    """
    found: dict[str, _Completion] = {}
    for one in (*_by_values(typed), *_by_words(typed, limit), *_by_kinds(typed)):
        key = comparable(one.text)[0]
        other = found.get(key)
        found[key] = one.joined(other) if other else one
    ranked = sorted(found.values(), key=lambda one: (not one.first, -one.score, one.text))
    least = FEWEST * max((one.score for one in ranked), default=0.0)
    return [one.text for one in ranked[:limit] if one.score >= least]


@dataclass(frozen=True, slots=True)
class _Completion:
    text: str
    count: int  # products
    score: float
    first: bool = False  # whether it is the kind of product that was missing

    def joined(self, other: "_Completion") -> "_Completion":
        """Both as one: the commoner text with the better place."""
        text = self.text if self.count > other.count else other.text
        return _Completion(
            text, max(self.count, other.count), max(self.score, other.score), self.first or other.first
        )


def _by_words(typed: Typed, limit: int) -> Iterator[_Completion]:
    """The last word completed by words of names."""
    if not typed.last:
        return
    index = typed.names.products
    span = index.span(typed.last)
    counts = index.counts(span, typed.context)
    for place in np.argsort(-counts, kind="stable")[:limit].tolist():
        word = index.words[span.start + place]
        if counts[place] and is_word(word) and not _is_of_value(typed, word, int(counts[place])):
            text = typed.lead + typed.names.spelt(word)
            yield _Completion(text, int(counts[place]), counts[place] * WORD_WEIGHT)


def _is_of_value(typed: Typed, word: str, count: int) -> bool:
    """Whether the word was typed before, or stands in names as a part of a value alone: "benetton"."""
    names = typed.names
    held = names.value_words.held(names.value_words.whole(word)).tolist()
    longer = (place for place in held if len(names.values[place][1].split()) > 1)
    return word in typed.before or any(names.number_with(place, typed.context) >= count for place in longer)


def _by_values(typed: Typed) -> Iterator[_Completion]:
    """The last word completed by values, which may hold some of the words before: "sports sh" is Sports Shoes."""
    if not typed.last:
        return
    index = typed.names.value_words
    kinds = set(typed.names.kinds.tolist()) if typed.said and not typed.names_kind else set()
    for place in sorted(set(index.held(index.span(typed.last)).tolist())):
        facet, value, total = typed.names.values[place]
        count = typed.names.number_with(place, typed.context) if typed.said else total
        if count:
            lead = _lead_before(typed, value)
            begins = lead != typed.lead or fold(value).startswith(typed.last)
            score = count * weight_of(facet) * (1.0 if begins else INSIDE)
            yield _Completion(lead + written_value(facet, value), count, score, begins and place in kinds)


def _lead_before(typed: Typed, value: str) -> str:
    """What stands before the last word, without the words at its end that the value has."""
    own = {form for word in spelt_words(value) for form in forms(fold(word[0]))}
    lead = typed.lead
    for word in reversed(typed.before):
        if word not in own:
            break
        lead = lead[: [*spelt_words(lead)][-1].start()]
    return lead


def _by_kinds(typed: Typed) -> Iterator[_Completion]:
    """Kinds of products added, where the last word is whole and nothing says the kind."""
    names, whole = typed.names, typed.last
    if typed.names_kind or len(whole) == 1 or (say_kind(names, [whole]) if whole else not typed.said):
        return
    context = typed.context & holding(names, whole, whole=True) if whole else typed.context
    if whole and 2 * context.count() < (typed.context & holding(names, whole)).count():
        return  # most likely another word is being typed
    lead = as_written(names, f"{typed.lead}{whole} ") if whole else typed.lead
    for place in names.kinds.tolist():
        facet, value, _ = names.values[place]
        if count := names.number_with(place, context):
            yield _Completion(lead + written_value(facet, value), count, count * weight_of(facet) * ADDED)


def weight_of(facet: str) -> float:
    """Return how much a value of a facet, or of the brand, counts."""
    weights = get_settings().weights
    return weights.brand if facet == NO_FACET else weights.of_facet(facet)


# How texts are written, compared and marked.


def as_written(names: Names, text: str) -> str:
    """Return a text with its words and brands as the catalogue writes them, and others as they stand."""
    words = list(spelt_words(text))
    folded = [fold(word[0]) for word in words]
    written, at, number = "", 0, 0
    while number < len(words):
        brand, taken = _brand_at(names, folded[number : number + WORDS_TYPED])
        known = next((form for form in forms(folded[number]) if form in names), "")
        own = brand or (names.spelt(known) if known else words[number][0])
        written += text[at : words[number].start()] + own
        number += taken
        at = words[number - 1].end()
    return written + text[at:]


def _brand_at(names: Names, words: Sequence[str]) -> tuple[str, int]:
    """The longest brand that the folded words begin with and how many of them it takes; "" and 1 where none does."""
    index, best, taken = names.value_words, "", 1
    for place in index.held(index.whole(words[0])).tolist():
        facet, value, _ = names.values[place]
        own = [fold(word[0]) for word in spelt_words(value)]
        if facet == NO_FACET and len(own) >= taken and own == list(words[: len(own)]):
            best, taken = value, len(own)
    return best, taken


def written_value(facet: str, value: str) -> str:
    """Return a value as it stands in a query: a brand as it is, other values in small letters but for abbreviations."""
    if facet == NO_FACET:
        return value
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in value.split())


def once(texts: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return the texts that are not another one, or one that is taken, in other case, accents, spacing, order or number."""
    seen = {key for text in taken for key in comparable(text)}
    kept = []
    for text in texts:
        own = comparable(text)
        if seen.isdisjoint(own):
            kept.append(text)
        seen.update(own)
    return kept


def comparable(text: str) -> tuple[str, ...]:
    """Return what a text shares with those that say the same in other case, accents, spacing, order or number; any of it is enough."""
    return _comparable(text, get_settings().text_config)


@lru_cache(maxsize=32_768)
def _comparable(text: str, language: str) -> tuple[str, ...]:
    words = [word.text for word in split(text)]
    return tuple(dict.fromkeys((title_of(text, language), *keys(words, language)))) if words else (text,)


def typed_spans(text: str, words: Sequence[str]) -> list[Span]:
    """Return which characters of a suggestion were typed, in their order.

    Args:
        text: the suggestion.
        words: folded words that were typed, the last one perhaps unfinished.
    """
    found: dict[int, Span] = {}
    for typed in words:
        for start, piece in _pieces(text):
            if start not in found and (folded := fold(piece)).startswith(typed):
                length = next(n for n in range(len(piece) + 1) if len(fold(piece[:n])) >= len(typed))
                found[start] = (start, start + (len(piece) if folded == typed else length))
                break
    return [found[start] for start in sorted(found)]


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The words of a text and the parts of hyphened ones, with their places."""
    for word in spelt_words(text):
        yield word.start(), word[0]
        at = word.start()
        for part in parts(word[0])[1:]:
            at = text.index(part, at + 1)
            yield at, part


# One misspelling at most in each word.


def respelt(index: PrefixIndex, prefix: str) -> str:
    """Return the beginning, one edit away, of the words that stand in most rows; the prefix itself where it begins a word, or there is none.

    The first letter stays.
    """
    if index.span(prefix) or len(prefix) < SHORTEST_SLIP:
        return prefix
    rows: dict[str, int] = {}
    span = index.span(prefix[0])
    for word, count in zip(index.words.run(span), index.sizes(span).tolist(), strict=True):
        for length in {len(prefix), len(prefix) + 1, len(prefix) - 1}:
            rows[word[:length]] = rows.get(word[:length], 0) + count
    near = process.extract(prefix, rows.keys(), scorer=OSA.distance, score_cutoff=1, limit=None)
    return max((word for word, _, _ in near), key=lambda word: (len(word), rows[word]), default=prefix)
