"""Every SQL operator of a search: full text, arrays, nearest embeddings. The code above reads as words."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import add, and_, or_
from typing import Any, NamedTuple, Protocol

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    Aggregate,
    BooleanField,
    Case,
    Count,
    DecimalField,
    Expression,
    F,
    FloatField,
    Func,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import MD5, Cast, Extract, Lower
from pgvector.django import HalfVectorField, MaxInnerProduct

from ..facets import prefix_of, token_of, values_of

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


class Measured(NamedTuple):
    """An entry with all that ranking, filters, facets and sorts read of it."""

    product_key: str
    entry_id: int
    style: str  # what its variants have in common
    price: Decimal | None
    in_stock: bool
    created: float  # seconds since 1970
    facets: list[str]  # "colour=Navy Blue"
    image: float | None = (
        None  # similarity of its best picture, from -1 to 1; None without one or where none was asked for
    )
    text: float | None = None  # similarity of its text
    fits: tuple[float, ...] = ()  # how well it fits each of the terms


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

    def named(self, text: str) -> list[tuple[str, int]]:
        """Product keys and primary keys of the entries whose SKU or name is the text, in any case of letters."""
        lowered = Value(text.lower())
        rows = self.alias(_name=Lower("name")).filter(Q(sku=lowered) | Q(_name=lowered))
        return list(rows.order_by("product_key").values_list("product_key", "pk"))

    def holding(
        self, terms: Sequence[Term], config: str, *, best: bool = False, also: Sequence[str] = ()
    ) -> "EntryQuerySet":
        """Entries that hold every one of the terms; with `best`, by what fits it best; and those of some products."""
        condition = reduce(and_, (_holds(term, config, best=best) for term in terms))
        return self.filter(condition | Q(product_key__in=list(also)) if also else condition)

    def holding_all(self, terms: Sequence[Term], config: str, limit: int) -> list[int]:
        """Primary keys of up to `limit` entries that hold every term; where they are more, of those that fit best."""
        found: dict[int, None] = {}
        for best in (True, False):
            holding = self.order_by().holding(terms, config, best=best)
            found |= dict.fromkeys(holding.values_list("pk", flat=True)[:limit])
            if len(found) >= limit:
                break
        return list(found)[:limit]

    def holding_most(self, terms: Sequence[Term], config: str, *, looked_at: int, limit: int) -> list[int]:
        """Primary keys of the entries that hold the most important of the terms.

        Every term is looked up by itself in the GIN indexes, and no further than `looked_at` entries.
        """
        lookups = []
        for term in terms:
            hits = self.order_by().filter(_holds(term, config, best=False))
            worth = Value(term.importance, output_field=FloatField())
            try:
                lookups.append(hits.values("pk", _worth=worth)[:looked_at].query.sql_with_params())
            except EmptyResultSet:  # nothing that any entry could have fits the term well enough
                continue
        if not lookups:
            return []
        statement = (  # the parts are Django's own SQL, with placeholders for every value
            "SELECT id FROM ("  # noqa: S608
            + " UNION ALL ".join(f"({sql})" for sql, _ in lookups)
            + ") AS hit (id, worth) GROUP BY id ORDER BY sum(worth) DESC, id LIMIT %s"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [*(value for _, params in lookups for value in params), limit])
            return [pk for (pk,) in cursor.fetchall()]

    def measured(
        self,
        terms: Sequence[Term] = (),
        config: str = "english",
        embedding: EmbeddingLiteral | None = None,
        *,
        dimension: int = 0,
    ) -> list[Measured]:
        """The entries with how well each fits the terms and how similar it is; for a few thousand of them.

        Args:
            terms: what is looked for.
            config: text search configuration.
            embedding: what similarities are to.
            dimension: of the embedding.
        """
        added: dict[str, Any] = {f"_fit{number}": _fit(term, config) for number, term in enumerate(terms)}
        similar = ["_image", "_text"] if embedding is not None else []
        if embedding is not None:
            best = (
                ImageQuerySet(self.model._meta.get_field("images").related_model)
                .filter(entry=OuterRef("pk"), embedding__isnull=False)
                .order_by()
                .values("entry")
                .annotate(_best=Min(_distance("embedding", embedding, dimension, exact=True)))
                .values("_best")
            )
            added["_image"] = Subquery(best, output_field=FloatField())
            added["_text"] = _distance("text_embedding", embedding, dimension, exact=True)
        added["_created"] = Extract("created", "epoch", output_field=FloatField())
        columns = ("product_key", "pk", "style", "price", "in_stock", "_created", "facets", *similar)
        fits = [name for name in added if name.startswith("_fit")]
        rows = self.order_by().annotate(**added).values_list(*columns, *fits)
        if not similar:
            return [Measured._make((*row[:7], None, None, tuple(row[7:]))) for row in rows]
        return [
            Measured._make((*row[:7], *(None if far is None else -far for far in row[7:9]), tuple(row[9:])))
            for row in rows
        ]

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

    def value_counts(self, facet: str) -> dict[str, int]:
        """How many of the entries bear each value of one facet; quicker than all facets at once."""
        try:
            sql, params = self.order_by().values("facets").query.sql_with_params()
        except EmptyResultSet:  # the conditions contradict each other
            return {}
        prefix = prefix_of(facet)
        # Unnested in the list of columns, which takes a quarter less time than a join with the function's rows.
        statement = (  # the part inside is Django's own SQL, with placeholders for every value
            "SELECT token, count(*) FROM (SELECT unnest(entry.facets) AS token FROM (" + sql + ") AS entry)"  # noqa: S608
            " AS entry WHERE starts_with(token, %s) GROUP BY token"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [*params, prefix])
            return {token.removeprefix(prefix): count for token, count in cursor.fetchall()}

    def paths_of(self, facet: str) -> list[list[str]]:
        """The distinct lists of values that entries have of one facet, in the order that the host gave."""
        found = self.order_by().values_list("facets", flat=True).distinct()
        paths = {tuple(values_of(facet, tokens)) for tokens in found}
        return sorted(map(list, filter(None, paths)))

    def words_in_texts(self, pairs: Sequence[tuple[str, str]], config: str) -> set[str]:
        """Which words the documents hold, in any inflection.

        Args:
            pairs: words, each with another one; a word with the same stem as its other one is not returned.
            config: text search configuration.
        """
        held = set()
        with connection.cursor() as cursor:
            # Counted, because EXISTS makes Postgres hope for an early hit and read the whole table where there is none.
            for word, other in pairs:
                query = SearchQuery(word, config=config, search_type="plain")
                sql, params = self.order_by().filter(document=query).values("pk").query.sql_with_params()
                cursor.execute(
                    # the subquery is Django's own SQL, with placeholders for every value
                    "SELECT plainto_tsquery(%s::regconfig, %s) <> plainto_tsquery(%s::regconfig, %s)"  # noqa: S608
                    f" AND (SELECT count(*) FROM ({sql}) AS entry) > 0",
                    [config, word, config, other, *params],
                )
                if cursor.fetchone()[0]:
                    held.add(word)
        return held

    def with_phrase(self, phrase: str, config: str) -> set[int]:
        """Primary keys of the entries whose texts hold the phrase, in any inflection of its words."""
        return set(
            self.order_by().filter(document=_any_phrase([phrase], config)).values_list("pk", flat=True)
        )

    def state(self) -> str:
        """Words that change whenever an entry is written, added or deleted."""
        counted = self.order_by().aggregate(count=Count("*"), last=Max("updated_at"))
        return f"{counted['count']} entries, the last written {counted['last']}"

    def price_quantiles(self, shares: Sequence[float]) -> list[Decimal]:
        """The prices below which such shares of the priced entries lie; empty where none has a price."""
        priced = self.order_by().filter(price__isnull=False)
        found: list[Decimal] | None = priced.aggregate(found=_Quantiles(F("price"), list(shares)))["found"]
        return found or []

    def count_priced(self, ends: Sequence[tuple[Decimal | None, Decimal | None]]) -> list[int]:
        """How many entries have a price in each of the ranges, whose ends belong to them."""
        ranges = {
            f"range_{number}": Count("price", filter=_priced(lowest, highest))
            for number, (lowest, highest) in enumerate(ends)
        }
        return list(self.order_by().aggregate(**ranges).values())

    def count_in_stock(self) -> int:
        """How many of the entries are in stock."""
        return self.order_by().filter(in_stock=True).count()

    def count_up_to(self, limit: int) -> int:
        """How many entries there are, counted no further than `limit`."""
        return self.order_by()[:limit].count()

    def values_of(self, product_key: str, facet: str) -> list[str]:
        """A product's values of one facet."""
        tokens = self.filter(product_key=product_key).values_list("facets", flat=True).first() or []
        return values_of(facet, tokens)

    def of_products(self, keys: Sequence[str]) -> "EntryQuerySet":
        """Entries of these products."""
        return self.filter(product_key__in=keys)

    def bearing(self, tokens: Sequence[str]) -> dict[str, list[str]]:
        """The facet tokens of the entries that bear any of these, by product key."""
        return dict(self.order_by().filter(facets__overlap=tokens).values_list("product_key", "facets"))

    def concerned(self, keys: Sequence[str], tokens: Sequence[str]) -> "EntryQuerySet":
        """Entries of these products, and those that bear any of these facet tokens."""
        return self.filter(_concerned(keys, tokens))

    def hiding(self, keys: Sequence[str], tokens: Sequence[str]) -> "EntryQuerySet":
        """Entries without those of these products, and without those that bear any of these facet tokens."""
        return self.exclude(_concerned(keys, tokens)) if keys or tokens else self

    def newest_lifted(self, lifts: Sequence[tuple[float, Sequence[str], Sequence[str]]]) -> "EntryQuerySet":
        """The most lifted first, then the newest, ties by product key.

        Args:
            lifts: what each adds, the product keys and the facet tokens that it is for.
        """
        if not lifts:
            return self.newest()
        added = [
            Case(
                When(_concerned(keys, tokens), then=Value(lift)),
                default=Value(0.0),
                output_field=FloatField(),
            )
            for lift, keys, tokens in lifts
        ]
        lifted: EntryQuerySet = self.alias(_lift=reduce(add, added))
        return lifted.order_by("-_lift", "-created", "product_key")

    def older_than(self, created: datetime, product_key: str) -> "EntryQuerySet":
        """Entries that come after one in the order of `newest`."""
        later = Q(created=created, product_key__gt=product_key)
        return self.filter(Q(created__lte=created) & (Q(created__lt=created) | later))

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

    def first_of_skus(
        self, version_id: int, skus: Collection[str]
    ) -> dict[str, tuple[str, EmbeddingLiteral]]:
        """Product key and embedding of each product's first picture that has one, by lower-cased SKU."""
        pictures = self.in_version(version_id).filter(
            entry__version_id=version_id, entry__sku__in=list(skus), embedding__isnull=False
        )
        first = pictures.order_by("entry__sku", "position").distinct("entry__sku")
        literal = first.annotate(_literal=Cast("embedding", TextField()))
        rows = literal.values_list("entry__sku", "entry__product_key", "_literal") if skus else ()
        return {sku: (key, embedding) for sku, key, embedding in rows}

    def drawn(self, limit: int) -> QuerySet[Any, Any]:
        """Entry and embedding of up to `limit` pictures, drawn alike from all; the same ones every time."""
        pictures = self.filter(embedding__isnull=False).order_by(MD5(Cast("pk", TextField())), "pk")
        return pictures.values_list("entry_id", "embedding")[:limit]

    def of_products(self, version_id: int, keys: Sequence[str]) -> QuerySet[Any, Any]:
        """Product key and embedding of the products' pictures, in their order."""
        pictures = self.in_version(version_id).filter(
            entry__version_id=version_id, entry__product_key__in=list(keys), embedding__isnull=False
        )
        return pictures.order_by("entry__product_key", "position").values_list(
            "entry__product_key", "embedding"
        )

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


class _Matches(Func):
    """Whether a document matches a query."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = BooleanField()


class _OfWeight(Func):
    """The words of a document that bear one of some weights, given as "{a}"."""

    function = "ts_filter"
    output_field = SearchVectorField()


class _IsAnyOf(Func):
    """Whether a value is an element of an array: one parameter, however many elements."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class _Quantiles(Aggregate):
    """The values at some shares of the rows in their order."""

    template = "percentile_disc(%(shares)s::float[]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(DecimalField())

    def __init__(self, expression: Expression | F, shares: Sequence[float]) -> None:
        super().__init__(expression, shares="ARRAY[" + ", ".join(str(float(share)) for share in shares) + "]")


class _Unnest(Func):
    """One row per element of an array."""

    function = "unnest"
    output_field = TextField()
    set_returning = True


def _holds(term: Term, config: str, *, best: bool) -> Q:
    """Whether an entry holds a term; with `best`, only by what fits it best."""
    condition = Q()
    least = max(term.values.values(), default=0.0) if best else term.needed
    tokens = [token for token, fit in term.values.items() if fit >= least]
    if tokens:
        condition |= Q(facets__overlap=tokens)
    if term.phrases and not (best and tokens) and max(term.fits) >= term.needed:
        condition |= Q(document=_any_phrase(term.phrases, config))
    if term.near and not best and term.near_share * max(term.fits) >= term.needed:
        condition |= Q(document=_any_phrase(term.near, config))
    return condition if condition else Q(pk__in=())


def _fit(term: Term, config: str) -> Expression:
    """How well an entry fits a term: the best of its values, else where in its texts a phrase stands."""
    by_fit: dict[float, list[str]] = {}
    for token, fit in term.values.items():
        by_fit.setdefault(fit, []).append(token)
    cases = [
        (fit, When(facets__overlap=tokens, then=Value(fit, output_field=FloatField())))
        for fit, tokens in by_fit.items()
    ]
    for phrases, share in ((term.phrases, 1.0), (term.near, term.near_share)):
        if phrases:
            query = _any_phrase(phrases, config)
            for fit, weight in zip(term.fits, ("{a}", "{b}", "{c,d}"), strict=True):
                holds = _Matches(_OfWeight(F("document"), Value(weight)), query)
                cases.append((share * fit, When(holds, then=Value(share * fit, output_field=FloatField()))))
    cases.sort(key=lambda case: -case[0])
    return Case(*(case for _, case in cases), default=Value(0.0), output_field=FloatField())


def _any_phrase(phrases: Sequence[str], config: str) -> Any:
    return reduce(or_, (SearchQuery(phrase, config=config, search_type="phrase") for phrase in phrases))


def _distance(column: str, embedding: EmbeddingLiteral, dimension: int, exact: bool) -> Expression:
    # The HNSW indexes are over the cast expression; the bare column reaches no index, so it is scanned exactly.
    vector = Cast(Value(embedding), HalfVectorField(dimensions=dimension))
    target = F(column) if exact else Cast(column, HalfVectorField(dimensions=dimension))
    return MaxInnerProduct(target, vector, output_field=FloatField())


def _conditions(filters: Conditions, prefix: str = "") -> Q:
    condition = Q()
    for name, values in filters.facets.items():
        tokens = [token_of(name, value) for value in values]
        if tokens:
            lookup = "contains" if len(tokens) == 1 else "overlap"
            condition &= Q(**{f"{prefix}facets__{lookup}": tokens})
    condition &= _priced(filters.price_min, filters.price_max, prefix)
    if filters.in_stock:
        condition &= Q(**{f"{prefix}in_stock": True})
    return condition


def _priced(lowest: Decimal | None, highest: Decimal | None, prefix: str = "") -> Q:
    condition = Q()
    if lowest is not None:
        condition &= Q(**{f"{prefix}price__gte": lowest})
    if highest is not None:
        condition &= Q(**{f"{prefix}price__lte": highest})
    return condition


def _concerned(keys: Sequence[str], tokens: Sequence[str]) -> Q:
    condition = Q(product_key__in=list(keys))
    return condition | Q(facets__overlap=list(tokens)) if tokens else condition


def _excluding(terms: Sequence[str], config: str, prefix: str = "") -> Q:
    condition = Q()
    for term in terms:
        query = SearchQuery(term, config=config, search_type="phrase")
        condition &= ~Q(**{f"{prefix}document": query})
    return condition
