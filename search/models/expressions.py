"""Conditions of querysets of entries: filters, what is excluded and negated, distances between embeddings."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import BooleanField, Expression, F, FloatField, Func, Q, TextField, Value
from django.db.models.functions import Cast
from pgvector.django import HalfVectorField, MaxInnerProduct

from ..facets import token_of
from ..vectors import EmbeddingLiteral
from .terms import any_phrase_text


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


class Negated(Protocol):
    """What an entry may not have."""

    @property
    def values(self) -> Sequence[str]:
        """Facet tokens of which it may have none."""

    @property
    def phrase(self) -> str:
        """Words that its texts may not hold together; "" where they may hold any."""

    @property
    def told(self) -> Sequence[str]:
        """Facet tokens of which one says that only the name counts of the texts."""

    @property
    def unless(self) -> Sequence[str]:
        """Phrases with which the texts may hold the words."""


def any_phrase(phrases: Sequence[str], config: str) -> SearchQuery:
    """Return the full text query for texts that hold any of the phrases, in any inflection of their words.

    It is one call of to_tsquery, computed once per statement.

    Args:
        phrases: what is looked for.
        config: text search configuration.
    """
    return SearchQuery(any_phrase_text(phrases), config=config, search_type="raw")


def excludes(terms: Sequence[str], config: str, prefix: str = "") -> Q:
    """Return whether an entry's texts hold none of the terms; `prefix` leads from the queried table to the entry."""
    condition = Q()
    for term in terms:
        condition &= ~Q(**{f"{prefix}document": any_phrase([term], config)})
    return condition


def lacks(negated: Sequence[Negated], config: str, prefix: str = "") -> Q:
    """Return whether an entry has nothing of what is negated; `prefix` leads from the queried table to the entry."""
    condition = Q()
    for one in negated:
        if one.values:
            condition &= ~Q(**{f"{prefix}facets__overlap": list(one.values)})
        if not one.phrase:
            continue
        query = SearchQuery(one.phrase, config=config, search_type="plain")
        holds_it = Q(**{f"{prefix}document": query})
        if one.told:
            name = _InName(F(f"{prefix}document"))
            holds_it &= Q(_Matches(name, query)) | ~Q(**{f"{prefix}facets__overlap": list(one.told)})
        if one.unless:
            holds_it &= ~Q(**{f"{prefix}document": any_phrase(one.unless, config)})
        condition &= ~holds_it
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


def distance(column: str, embedding: EmbeddingLiteral, dimension: int) -> Expression:
    """Return the negative inner product of a column and an embedding, in the form that the version's HNSW index is over.

    Args:
        column: of embeddings.
        embedding: what they are compared with.
        dimension: of both.
    """
    field = HalfVectorField(dimensions=dimension)
    return MaxInnerProduct(Cast(column, field), Cast(Value(embedding), field), output_field=FloatField())


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


class _InName(Func):
    """The words of a document that stand in the name."""

    template = "ts_filter(%(expressions)s, '{a}')"
    output_field = SearchVectorField()
