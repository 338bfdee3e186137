"""Suggestions while a shopper types: queries, values of facets, brands and products."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from ..exceptions import InvalidQuery
from ..models import WordList
from ..prometheus import LEFT_OUT
from ..query.names import NO_FACET, Mask, Names, PrefixIndex, Rows, typed_words
from ..text import clean_text, fold, inflections
from . import answers
from .answers import SearchResult
from .results import load_results

MOST = 20  # suggestions of each kind
SHORTEST_SLIP = 4  # letters; shorter beginnings are near too many words
WORDS_TYPED = 8  # further words are left aside

Popular = Callable[[str, int], Sequence[str]]  # (what was typed, limit) -> logged queries that begin with it


@dataclass(frozen=True, kw_only=True, slots=True)
class SuggestedValue:
    """A brand, or a value of a facet, and how many products have it."""

    value: str
    facet: str  # "" for a brand
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestions:
    """What is suggested for the beginning of a query."""

    query: str
    queries: list[str] = field(default_factory=list)
    categories: list[SuggestedValue] = field(default_factory=list)  # values of any facet but the brand
    brands: list[SuggestedValue] = field(default_factory=list)
    products: list[SearchResult] = field(default_factory=list)
    degraded: str = ""
    left_out: tuple[str, ...] = ()  # as in `SearchAnswer`


def _none_popular(_text: str, _limit: int) -> Sequence[str]:
    return ()


def suggest(text: str, *, limit: int = 6, popular: Popular = _none_popular) -> Suggestions:
    """Suggest queries, facet values, brands and products for what is being typed.

    Every typed word may be the beginning of a word; one edit in a word that begins nothing is forgiven.

    Args:
        text: what was typed so far, at most 200 characters.
        limit: most suggestions of each kind, from 1; no more than 20 are made.
        popular: gives logged queries that begin with the text, best first; they come before completions.

    Raises:
        InvalidQuery: text or limit cannot be answered.
    """
    if limit < 1:
        raise InvalidQuery("invalid_limit", "limit must be a whole number from 1.")
    limit = min(limit, MOST)
    text = clean_text(text, "q")
    words = typed_words(text)
    if not words:
        return Suggestions(query=text)
    names = _serving_names()
    if names is None:
        LEFT_OUT.labels(answers.WORDS).inc()
        return Suggestions(query=text, degraded=answers.NO_WORDS, left_out=(answers.WORDS,))
    prefixes = respelt(names.products, words)
    mask = names.products.matching(prefixes)
    values = _values(names, words)
    completed = complete(names, prefixes, mask, limit + 1)  # one of them may be what was typed
    keys = [names.keys[row] for row in np.flatnonzero(mask)[:limit]]
    loaded = load_results(dict.fromkeys(keys, 0.0))
    return Suggestions(
        query=text,
        left_out=loaded.left_out,
        queries=_queries(text, [*popular(text, limit), *completed], values)[:limit],
        categories=[value for value in values if value.facet != NO_FACET][:limit],
        brands=[value for value in values if value.facet == NO_FACET][:limit],
        products=loaded.results,
    )


def _queries(text: str, queries: Sequence[str], values: Sequence[SuggestedValue]) -> list[str]:
    """Queries and then values, each once, a value's own spelling before a joined one, without what was typed."""
    phrases = {_joined(value.value): value.value.lower() for value in values}
    found = {_joined(query): phrases.get(_joined(query), query) for query in queries} | phrases
    found.pop(_joined(text), None)
    return list(found.values())


def _joined(text: str) -> str:
    return "".join(map(fold, text.split()))


def _values(names: Names, words: Sequence[str]) -> list[SuggestedValue]:
    """Brands and facet values that match, those that begin with what was typed first."""
    index = names.value_words
    rows: Rows = np.flatnonzero(index.matching(respelt(index, words))).astype(np.uint32)
    found = [names.values[row] for row in rows]
    start = words[0]
    found.sort(key=lambda value: (not value[1].lower().startswith(start), -value[2]))
    return [SuggestedValue(value=value, facet=facet, count=count) for facet, value, count in found]


def _serving_names() -> Names | None:
    found = WordList.objects.serving_stamp()
    return None if found is None else _names(*found)


@lru_cache(maxsize=1)
def _names(version_id: int, _stamp: str) -> Names:
    return Names.unpack(bytes(WordList.objects.values_list("names", flat=True).get(pk=version_id)))


# Completing what is being typed, with one misspelling at most in each word.


def respelt(index: PrefixIndex, prefixes: Sequence[str]) -> list[str]:
    """Return the prefixes, each that begins no word replaced by the nearest that does; the first letter stays."""
    return [
        prefix if index.span(prefix) or len(prefix) < SHORTEST_SLIP else _nearest(index, prefix)
        for prefix in prefixes[:WORDS_TYPED]
    ]


def complete(names: Names, prefixes: Sequence[str], mask: Mask, limit: int) -> list[str]:
    """Return queries: what was typed with its last word completed, those that most products match first.

    Args:
        names: the names of the version.
        prefixes: folded words, the last one unfinished.
        mask: the products that match all prefixes.
        limit: most queries.
    """
    *before, last = prefixes
    index = names.products
    span = index.span(last)
    counts = index.counts(span, mask)
    found: dict[str, None] = {}
    for place in np.argsort(-counts, kind="stable"):
        word = index.words[span.start + int(place)]
        if len(found) == limit or not counts[place]:
            break
        if word not in before and not any(other in found for other in inflections(word)):
            found[word] = None
    return [" ".join([*before, word]) for word in found]


def _nearest(index: PrefixIndex, prefix: str) -> str:
    """The beginning, one edit away, of the words that stand in most rows; the prefix itself where there is none."""
    rows: dict[str, int] = {}
    for number in index.span(prefix[0]):
        count = int(index.starts[number + 1] - index.starts[number])
        for length in {len(prefix), len(prefix) + 1, len(prefix) - 1}:
            beginning = index.words[number][:length]
            rows[beginning] = rows.get(beginning, 0) + count
    near = process.extract(prefix, rows.keys(), scorer=OSA.distance, score_cutoff=1, limit=None)
    return max((word for word, _, _ in near), key=lambda word: (len(word), rows[word]), default=prefix)
