"""Suggestions while a shopper types: queries, values of facets, brands and products, each of which finds something."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import OperationalError

from ..exceptions import InvalidQuery
from ..models import WordList
from ..prometheus import LEFT_OUT
from ..query.names import NO_FACET, names_of
from ..session import is_out_of_time, reading
from ..text import cut_text, fold, spelt_words
from . import answers
from .answers import SearchResult
from .completions import Span, Typed, as_written, comparable, complete, holding, once, typed_spans, weight_of
from .findable import first_that_find
from .results import load_results

logger = logging.getLogger(__name__)

MOST = 20  # suggestions of each kind
SPARE = 3  # candidates for each suggestion, since some find nothing or are another one in other words

GROUPS = ("queries", "categories", "brands", "products")

Popular = Callable[[str, int], Sequence[str]]  # (what was typed, limit) -> logged queries that begin with it


@dataclass(frozen=True, kw_only=True, slots=True)
class SuggestedValue:
    """A brand, or a value of a facet, and how many products have it."""

    value: str
    facet: str  # "" for a brand
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestions:
    """What is suggested for the beginning of a query; without one, what others look for."""

    query: str
    queries: list[str] = field(default_factory=list)
    categories: list[SuggestedValue] = field(default_factory=list)  # values of any facet but the brand
    brands: list[SuggestedValue] = field(default_factory=list)
    products: list[SearchResult] = field(default_factory=list)
    # By group, for each suggestion the parts of its text that were typed.
    matched: Mapping[str, list[list[Span]]] = field(default_factory=lambda: {group: [] for group in GROUPS})
    degraded: str = ""
    left_out: tuple[str, ...] = ()  # as in `SearchAnswer`


def _none_popular(_text: str, _limit: int) -> Sequence[str]:
    return ()


@reading
def suggest(text: str, *, limit: int = 6, popular: Popular = _none_popular) -> Suggestions:
    """Suggest queries, facet values, brands and products for what is being typed.

    The last word may be the beginning of a word, which is completed by what products have that have the words before it;
    one edit in a word that begins nothing is forgiven. Every text that is suggested finds a product, and none is another
    one in other case, accents, order or number.

    Args:
        text: what was typed so far, whatever it is, cut as a search cuts it beyond 200 characters; without a word, only popular queries are suggested.
        limit: most suggestions of each kind, from 1; no more than 20 are made.
        popular: gives logged queries that begin with the text, best first; they come before completions.

    Raises:
        InvalidQuery: the limit is below 1.
    """
    if limit < 1:
        raise InvalidQuery("invalid_limit", "limit must be a whole number from 1.")
    limit = min(limit, MOST)
    ended = text[-1:].isspace()
    text, cut, _ = cut_text(text)
    ended = ended or cut  # a text is cut behind a word
    if text and not any(spelt_words(text)):
        return Suggestions(query=text)
    serving = WordList.objects.serving_stamp()
    if serving is None:
        LEFT_OUT.labels(answers.WORDS).inc()
        return Suggestions(query=text, degraded=answers.NO_WORDS, left_out=(answers.WORDS,))
    version_id = serving[0]
    try:
        names = names_of(*serving)
    except LookupError as error:  # they were made by the release before, or go with their version
        logger.warning("Nothing can be suggested: %s", error)
        LEFT_OUT.labels(answers.WORDS).inc()
        return Suggestions(query=text, degraded=answers.NO_WORDS, left_out=(answers.WORDS,))
    typed = Typed.of(names, text, ended=ended)
    logged = [as_written(names, query) for query in popular(text, SPARE * limit)]
    try:
        values = _values(typed, logged)
        brands = _finding(version_id, [value for value in values if value.facet == NO_FACET], limit)
        others = [value for value in values if value.facet != NO_FACET]
        categories = _finding(version_id, _not_among(others, brands), limit)
        completed = complete(typed, SPARE * limit)
        loaded = load_results(dict.fromkeys(_products(typed, completed[:1], limit), 0.0))
        taken = [text, *(value.value for value in (*brands, *categories))]
        taken += [result.card.name for result in loaded.results]
        candidates = once([*logged, *completed], taken)
        queries = first_that_find(version_id, candidates, limit)
    except OperationalError as error:
        if not is_out_of_time(error):
            raise
        LEFT_OUT.labels(answers.WORDS).inc()
        return Suggestions(query=text, degraded=answers.TOO_SLOW, left_out=(answers.WORDS,))
    texts = (
        queries,
        [value.value for value in categories],
        [value.value for value in brands],
        [result.card.name for result in loaded.results],
    )
    matched = {
        group: [typed_spans(text, typed.words) for text in group_texts]
        for group, group_texts in zip(GROUPS, texts, strict=True)
    }
    return Suggestions(
        query=text,
        queries=queries,
        categories=categories,
        brands=brands,
        products=loaded.results,
        matched=matched,
        left_out=loaded.left_out,
    )


# What is suggested beside queries.


def _values(typed: Typed, logged: Sequence[str]) -> list[SuggestedValue]:
    """Brands and facet values with all typed words: those that begin with the first, then those that many looked for, then the commonest."""
    if not typed.words:
        return []
    index = typed.names.value_words
    rows = index.matching(typed.words).rows().tolist()
    wanted = {key: place for place, text in enumerate(logged) for key in comparable(text)}
    first = typed.words[0]

    def rank(one: tuple[str, str, int]) -> tuple[bool, int, float]:
        facet, value, count = one
        place = min((wanted.get(key, len(logged)) for key in comparable(value)), default=len(logged))
        return not fold(value).startswith(first), place, -count * weight_of(facet)

    found = sorted((typed.names.values[row] for row in rows), key=rank)
    kept = set(once([value for _, value, _ in found]))
    values = []
    for facet, value, count in found:
        if value in kept:
            kept.discard(value)
            values.append(SuggestedValue(value=value, facet=facet, count=count))
    return values


def _not_among(values: Sequence[SuggestedValue], others: Sequence[SuggestedValue]) -> list[SuggestedValue]:
    kept = set(once([value.value for value in values], [value.value for value in others]))
    return [value for value in values if value.value in kept]


def _finding(version_id: int, values: Sequence[SuggestedValue], limit: int) -> list[SuggestedValue]:
    """The first values whose text finds something."""
    found = set(first_that_find(version_id, [value.value for value in values[: SPARE * limit]], limit))
    return [value for value in values if value.value in found]


def _products(typed: Typed, meant: Sequence[str], limit: int) -> list[str]:
    """Keys of products that have all typed words: what is likely meant first, then by words of their names; of one name, the first."""
    names, has_all = typed.names, typed.products
    by_name = has_all & names.products.matching(typed.words)
    found: dict[int, int] = {}
    first = has_all
    for word in (fold(word[0]) for text in meant for word in spelt_words(text)):
        if word not in typed.before:
            first = first & holding(names, word, whole=True)
    for mask in (first, by_name, has_all):
        for row in mask.rows():
            found.setdefault(int(names.titles[row]), int(row))
            if len(found) == limit:
                return [names.keys[one] for one in found.values()]
    return [names.keys[row] for row in found.values()]
