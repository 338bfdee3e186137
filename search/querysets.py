"""Every SQL operator of a search: full text, arrays, nearest embeddings. The code above reads as words."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import Any, Protocol

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection
from django.db.models import (
    BooleanField,
    Count,
    Expression,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Lower
from pgvector.django import HalfVectorField, MaxInnerProduct

EmbeddingLiteral = str  # "[0.1,...]", as Postgres reads an embedding
Row = tuple[str, int, float]  # product key, primary key of the entry, score


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


class EntryQuerySet(QuerySet[Any]):
    """Index entries by words, filters and text embeddings."""

    def in_version(self, version_id: int) -> "EntryQuerySet":
        """Entries of one version."""
        return self.filter(version_id=version_id)

    def matching(self, filters: Conditions) -> "EntryQuerySet":
        """Entries that meet the filters."""
        return self.filter(_conditions(filters))

    def excluding(self, terms: Sequence[str], config: str) -> "EntryQuerySet":
        """Entries that hold none of the terms."""
        return self.filter(_excluding(terms, config))

    def among(self, ids: Sequence[int]) -> "EntryQuerySet":
        """Entries with these primary keys, sent as one array."""
        return self.filter(
            _IsAnyOf(F("pk"), Value(list(ids)))
        )  # psycopg writes the array, ten times as fast as ArrayField

    def with_every_word(self, text: str, config: str) -> list[tuple[str, int, float, bool]]:
        """Rows of entries that hold every word of `text`, or are named by it, best first.

        The text is read as people write to search engines: "quoted phrases", OR, and -excluded words.

        Returns:
            (product key, primary key, cover density rank, whether SKU or name is exactly the text)
        """
        query = SearchQuery(text, config=config, search_type="websearch")
        lowered = Value(text.lower())
        exact = Q(sku=lowered) | Q(_name=lowered)
        return list(
            self.alias(_name=Lower("name"))
            .filter(Q(document=query) | Q(sku=lowered))
            .annotate(
                _rank=SearchRank(F("document"), query, cover_density=True),
                _exact=ExpressionWrapper(exact, output_field=BooleanField()),
            )
            .order_by("-_exact", "-_rank", "product_key")
            .values_list("product_key", "pk", "_rank", "_exact")
        )

    def with_most_words(self, words: Sequence[str], config: str, limit: int) -> list[Row]:
        """Rows of entries that hold all of the words but one, best first.

        Returns:
            (product key, primary key, number of words that match)
        """
        queries = [SearchQuery(word, config=config, search_type="plain") for word in words]
        all_but_one = reduce(or_, (reduce(and_, queries[:n] + queries[n + 1 :]) for n in range(len(queries))))
        ranked = (
            self.filter(document=all_but_one)
            .annotate(_rank=SearchRank(F("document"), reduce(or_, queries), cover_density=True))
            .order_by("-_rank", "product_key")
        )
        rows = ranked.values_list("product_key", "pk")[:limit]
        return [(key, pk, len(words) - 1.0) for key, pk in rows]

    def with_any_word(self, words: Sequence[str], config: str, limit: int) -> list[Row]:
        """Rows of entries that hold any of the words, those with most words first.

        Every word is looked up by itself in the GIN index, so that only the entries with most words have their
        documents read: matching each document with each word took 36 ms at 11,000 products, this takes 5.

        Returns:
            (product key, primary key, number of words that match)
        """
        queries = [SearchQuery(word, config=config, search_type="plain") for word in words]
        lookups = [
            self.order_by().filter(document=query).values("pk").query.sql_with_params() for query in queries
        ]
        counted = (  # the parts are Django's own SQL, with placeholders for every value
            "SELECT id, count(*) AS words FROM ("  # noqa: S608
            + " UNION ALL ".join(f"({sql})" for sql, _ in lookups)
            + ") AS hit (id) GROUP BY id ORDER BY words DESC, id LIMIT %s"
        )
        parameters = [parameter for _, params in lookups for parameter in params]
        with connection.cursor() as cursor:
            cursor.execute(counted, [*parameters, 2 * limit])  # the ranks below decide between equal counts
            matched = dict(cursor.fetchall())
        ranked = self.among(list(matched)).annotate(
            _rank=SearchRank(F("document"), reduce(or_, queries), cover_density=True)
        )
        rows = sorted(
            (-matched[pk], -rank, key, pk)
            for key, pk, rank in ranked.values_list("product_key", "pk", "_rank")
        )
        return [(key, pk, -words) for words, _, key, pk in rows[:limit]]

    def nearest(self, embedding: EmbeddingLiteral, *, dimension: int, limit: int, exact: bool) -> list[Row]:
        """Rows of the entries whose text embedding is nearest, with the distance (negative inner product)."""
        return list(
            self.filter(text_embedding__isnull=False)
            .annotate(_distance=_distance("text_embedding", embedding, dimension, exact))
            .order_by("_distance")
            .values_list("product_key", "pk", "_distance")[:limit]
        )

    def text_of_product(self, version_id: int, product_key: str) -> EmbeddingLiteral | None:
        """The product's text embedding, or None."""
        entry = self.in_version(version_id).filter(product_key=product_key)
        literals = entry.annotate(_literal=Cast("text_embedding", TextField()))
        text: EmbeddingLiteral | None = literals.values_list("_literal", flat=True).first()
        return text

    def facet_counts(self) -> list[tuple[str, int]]:
        """How many of the entries bear each facet token."""
        return list(
            self.order_by()
            .annotate(_token=_Unnest(F("facets")))
            .values("_token")
            .annotate(_count=Count("*"))
            .values_list("_token", "_count")
        )

    def count_up_to(self, limit: int) -> int:
        """How many entries there are, counted no further than `limit`."""
        return self.order_by()[:limit].count()

    def newest(self) -> "EntryQuerySet":
        """Newest first, ties by product key."""
        return self.order_by("-created", "product_key")

    def by_price(self, *, descending: bool) -> "EntryQuerySet":
        """Cheapest or dearest first, entries without a price last, ties by product key."""
        price = F("price").desc(nulls_last=True) if descending else F("price").asc(nulls_last=True)
        return self.order_by(price, "product_key")


class ImageQuerySet(QuerySet[Any]):
    """Pictures of entries by their embeddings."""

    def of_product(self, version_id: int, product_key: str) -> QuerySet[Any, EmbeddingLiteral]:
        """The embeddings of one product's pictures, in their order."""
        pictures = self.in_version(version_id).filter(
            entry__version_id=version_id, entry__product_key=product_key, embedding__isnull=False
        )
        literal = pictures.annotate(_literal=Cast("embedding", TextField()))
        ordered: QuerySet[Any, EmbeddingLiteral] = literal.order_by("position").values_list(
            "_literal", flat=True
        )
        return ordered

    def in_version(self, version_id: int) -> "ImageQuerySet":
        """Pictures of one version."""
        return self.filter(version_id=version_id)

    def matching(self, filters: Conditions) -> "ImageQuerySet":
        """Pictures of entries that meet the filters."""
        return self.filter(_conditions(filters, "entry__"))

    def excluding(self, terms: Sequence[str], config: str) -> "ImageQuerySet":
        """Pictures of entries that hold none of the terms."""
        return self.filter(_excluding(terms, config, "entry__"))

    def nearest(self, embedding: EmbeddingLiteral, *, dimension: int, limit: int, exact: bool) -> list[Row]:
        """Rows of the pictures whose embedding is nearest, with the distance (negative inner product)."""
        return list(
            self.filter(embedding__isnull=False)
            .annotate(_distance=_distance("embedding", embedding, dimension, exact))
            .order_by("_distance")
            .values_list("entry__product_key", "entry_id", "_distance")[:limit]
        )


class _IsAnyOf(Func):
    """Whether a value is an element of an array: one parameter, however many elements."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class _Unnest(Func):
    """One row per element of an array."""

    function = "unnest"
    output_field = TextField()
    set_returning = True


def _distance(column: str, embedding: EmbeddingLiteral, dimension: int, exact: bool) -> Expression:
    # The HNSW indexes are over the cast expression; the bare column reaches no index, so it is scanned exactly.
    vector = Cast(Value(embedding), HalfVectorField(dimensions=dimension))
    target = F(column) if exact else Cast(column, HalfVectorField(dimensions=dimension))
    return MaxInnerProduct(target, vector, output_field=FloatField())


def _conditions(filters: Conditions, prefix: str = "") -> Q:
    condition = Q()
    for name, values in filters.facets.items():
        tokens = [f"{name}={value}" for value in values]
        if tokens:
            lookup = "contains" if len(tokens) == 1 else "overlap"
            condition &= Q(**{f"{prefix}facets__{lookup}": tokens})
    if filters.price_min is not None:
        condition &= Q(**{f"{prefix}price__gte": filters.price_min})
    if filters.price_max is not None:
        condition &= Q(**{f"{prefix}price__lte": filters.price_max})
    return condition


def _excluding(terms: Sequence[str], config: str, prefix: str = "") -> Q:
    condition = Q()
    for term in terms:
        query = SearchQuery(term, config=config, search_type="phrase")
        condition &= ~Q(**{f"{prefix}document": query})
    return condition
