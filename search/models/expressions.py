"""Conditions and scores of entries as SQL: full text, arrays, distances between embeddings."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, Protocol

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import BooleanField, Case, Expression, F, FloatField, Func, Q, TextField, Value, When
from django.db.models.functions import Cast
from pgvector.django import HalfVectorField, MaxInnerProduct

from ..facets import token_of
from ..vectors import EmbeddingLiteral


class Conditions(Protocol):
    """What filters say."""

    @property
    def facets(self) -> Mapping[str, tuple[str, ...]]:
        """Chosen values by facet."""

    @property
    def price_min(self) -> Decimal | None:
        """Lowest price."""

    @property
    def price_max(self) -> Decimal | None:
        """Highest price."""

    @property
    def in_stock(self) -> bool:
        """Only what is in stock."""


class Term(Protocol):
    """One thing that is looked for in entries."""

    @property
    def values(self) -> Mapping[str, float]:
        """Facet tokens and how well each fits."""

    @property
    def phrases(self) -> Sequence[str]:
        """Phrases of which an entry's texts hold any; none where only values count."""

    @property
    def near(self) -> Sequence[str]:
        """Phrases that fit less well."""

    @property
    def near_share(self) -> float:
        """How well those fit, as a share."""

    @property
    def fits(self) -> tuple[float, float, float]:
        """How well a phrase fits in the title, in the keywords, in the description."""

    @property
    def importance(self) -> float:
        """What a perfect fit adds to an entry's coverage."""

    @property
    def needed(self) -> float:
        """A lesser fit counts as missing."""


def holds(term: Term, config: str, *, best: bool) -> Q:
    """Return whether an entry holds a term; with `best`, only by what fits it best."""
    condition = Q()
    least = max(term.values.values(), default=0.0) if best else term.needed
    tokens = [token for token, fit in term.values.items() if fit >= least]
    if tokens:
        condition |= Q(facets__overlap=tokens)
    if term.phrases and not (best and tokens) and max(term.fits) >= term.needed:
        condition |= Q(document=any_phrase(term.phrases, config))
    if term.near and not best and term.near_share * max(term.fits) >= term.needed:
        condition |= Q(document=any_phrase(term.near, config))
    return condition if condition else Q(pk__in=())


def fit_of(term: Term, config: str) -> Expression:
    """Return how well an entry fits a term: the best of its values, else where in its texts a phrase stands."""
    by_fit: dict[float, list[str]] = {}
    for token, fit in term.values.items():
        by_fit.setdefault(fit, []).append(token)
    cases = [
        (fit, When(facets__overlap=tokens, then=Value(fit, output_field=FloatField())))
        for fit, tokens in by_fit.items()
    ]
    for phrases, share in ((term.phrases, 1.0), (term.near, term.near_share)):
        if phrases:
            query = any_phrase(phrases, config)
            for fit, weight in zip(term.fits, ("{a}", "{b}", "{c,d}"), strict=True):
                stands = _Matches(_OfWeight(F("document"), Value(weight)), query)
                cases.append((share * fit, When(stands, then=Value(share * fit, output_field=FloatField()))))
    cases.sort(key=lambda case: -case[0])
    return Case(*(case for _, case in cases), default=Value(0.0), output_field=FloatField())


def any_phrase(phrases: Sequence[str], config: str) -> Any:
    """Return the full text query for texts that hold any of the phrases, in any inflection of their words."""
    return reduce(or_, (SearchQuery(phrase, config=config, search_type="phrase") for phrase in phrases))


def excludes(terms: Sequence[str], config: str, prefix: str = "") -> Q:
    """Return whether an entry's texts hold none of the terms; `prefix` leads from the queried table to the entry."""
    condition = Q()
    for term in terms:
        condition &= ~Q(**{f"{prefix}document": any_phrase([term], config)})
    return condition


def meets(filters: Conditions, prefix: str = "") -> Q:
    """Return whether an entry meets the filters; `prefix` leads from the queried table to the entry."""
    condition = Q()
    for name, values in filters.facets.items():
        tokens = [token_of(name, value) for value in values]
        if tokens:
            lookup = "contains" if len(tokens) == 1 else "overlap"
            condition &= Q(**{f"{prefix}facets__{lookup}": tokens})
    condition &= priced(filters.price_min, filters.price_max, prefix)
    if filters.in_stock:
        condition &= Q(**{f"{prefix}in_stock": True})
    return condition


def priced(lowest: Decimal | None, highest: Decimal | None, prefix: str = "") -> Q:
    """Return whether an entry's price is in a range, whose ends belong to it; None leaves an end open."""
    condition = Q()
    if lowest is not None:
        condition &= Q(**{f"{prefix}price__gte": lowest})
    if highest is not None:
        condition &= Q(**{f"{prefix}price__lte": highest})
    return condition


def concerns(keys: Sequence[str], tokens: Sequence[str]) -> Q:
    """Return whether an entry is one of these products or has any of these facet tokens."""
    condition = Q(product_key__in=list(keys))
    return condition | Q(facets__overlap=list(tokens)) if tokens else condition


def distance(column: str, embedding: EmbeddingLiteral, dimension: int, exact: bool) -> Expression:
    """Return the negative inner product of a column and an embedding.

    Args:
        column: of embeddings.
        embedding: what they are compared with.
        dimension: of both.
        exact: whether every row is compared; else through the version's HNSW index.
    """
    # The HNSW indexes are over the cast expression; the bare column reaches no index, so it is scanned exactly.
    vector = Cast(Value(embedding), HalfVectorField(dimensions=dimension))
    target = F(column) if exact else Cast(column, HalfVectorField(dimensions=dimension))
    return MaxInnerProduct(target, vector, output_field=FloatField())


class IsAnyOf(Func):
    """Whether a value is an element of an array: one parameter, however many elements."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class Unnest(Func):
    """One row per element of an array."""

    function = "unnest"
    output_field = TextField()
    set_returning = True


class _Matches(Func):
    """Whether a document matches a query."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = BooleanField()


class _OfWeight(Func):
    """The words of a document with one of some weights, given as "{a}"."""

    function = "ts_filter"
    output_field = SearchVectorField()
