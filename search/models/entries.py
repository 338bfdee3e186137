"""Index entries: what one version knows about one product, and about each of its pictures."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, HashIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Lower
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField

from ..vectors import EmbeddingLiteral
from .expressions import Conditions, IsAnyOf, Negated, Unnest, distance, excludes, lacks, meets
from .kept_counts import Number
from .terms import Holding, Term, hold_all
from .versions import IndexVersion

HIGHEST_PRICE = Decimal(10) ** 10  # prices lie below it
FINEST_PRICE = Decimal("0.0001")  # the column keeps no more decimals


class EntryQuerySet(QuerySet["IndexEntry"]):
    """Index entries by words and filters."""

    def in_version(self, version_id: int) -> Self:
        """Keep the entries of one version."""
        return self.filter(version_id=version_id)

    def matching(self, filters: Conditions) -> Self:
        """Keep the entries that meet the filters."""
        return self.filter(meets(filters))

    def excluding(self, terms: Sequence[str], config: str) -> Self:
        """Leave out the entries whose texts hold any of the terms."""
        return self.filter(excludes(terms, config))

    def lacking(self, negated: Sequence[Negated], config: str) -> Self:
        """Leave out the entries that have anything of what is negated."""
        return self.filter(lacks(negated, config))

    def among(self, ids: Sequence[int]) -> Self:
        """Keep the entries with these primary keys, sent as one array."""
        # psycopg writes the array, ten times as fast as ArrayField
        return self.filter(IsAnyOf(F("pk"), Value(list(ids))))

    def of_products(self, keys: Sequence[str]) -> Self:
        """Keep the entries of these products."""
        return self.filter(product_key__in=keys)

    def newest(self, *, few: bool = False) -> Self:
        """Sort newest first, ties by product key.

        Args:
            few: whether there are so few that they are to be found first and sorted then. Postgres would rather read all
                entries in order until it has met a page of them, not knowing that these stand together at the other end.
        """
        return self.order_by(_unindexed("created").desc() if few else "-created", "product_key")

    def by_price(self, order: str, *, few: bool = False) -> Self:
        """Sort by price, rising for "price" and falling for "-price"; what has none comes last, ties by product key.

        Args:
            order: one of the two.
            few: as `newest` has it.
        """
        price = _unindexed("price") if few else F("price")
        ordered = price.desc(nulls_last=True) if order.startswith("-") else price.asc(nulls_last=True)
        return self.order_by(ordered, "product_key")

    def holding(self, terms: Sequence[Term], config: str, *, also: Sequence[str] = ()) -> Self:
        """Keep the entries that hold every one of the terms.

        Args:
            terms: what is looked for.
            config: text search configuration.
            also: keys of products that are kept whatever they hold.
        """
        condition = Holding(hold_all(terms, config))
        return self.filter(Q(condition) | Q(product_key__in=list(also)) if also else condition)

    def facet_counts(self) -> list[tuple[str, int]]:
        """Return how many of the entries have each facet token."""
        return list(
            self.order_by()
            .annotate(_token=Unnest(F("facets")))
            .values("_token")
            .annotate(_count=Count("*"))
            .values_list("_token", "_count")
        )

    def kept_tokens(self) -> dict[str, Number]:
        """Return token -> number for all that `KeptCount` keeps of the entries, counted from them at this moment."""
        try:
            sql, params = self.order_by().values("facets", "price", "in_stock").query.sql_with_params()
        except EmptyResultSet:  # the conditions contradict each other
            return {}
        statement = (  # the part inside is Django's own SQL, with placeholders for every value
            "SELECT kept.token, count(*), count(*) FILTER (WHERE entry.in_stock) FROM (" + sql + ") AS entry,"  # noqa: S608
            " fashion_search_counted(entry.facets, entry.price) AS kept WHERE kept.within = '' GROUP BY kept.token"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            return {token: Number(entries, in_stock) for token, entries, in_stock in cursor.fetchall()}

    def any_have(self, tokens: Sequence[str]) -> frozenset[str]:
        """Return those of the facet tokens that any of the entries has."""
        counts = {
            f"_token{number}": Count("pk", filter=Q(facets__contains=[token]))
            for number, token in enumerate(tokens)
        }
        found = self.filter(facets__overlap=list(tokens)).order_by().aggregate(**counts)
        return frozenset(token for number, token in enumerate(tokens) if found[f"_token{number}"])

    def having(self, *groups: Sequence[str]) -> Self:
        """Keep the entries that have any of the facet tokens of each group; an empty group does not matter."""
        return self.filter(*(Q(facets__overlap=list(tokens)) for tokens in groups if tokens))

    def count_up_to(self, limit: int) -> int:
        """Return how many entries there are, counted no further than `limit`."""
        return self.order_by()[:limit].count()


def _unindexed(column: str) -> Coalesce:
    """The same values as of a column, in an order that no index has."""
    return Coalesce(column, column)


class IndexEntry(models.Model):
    """One product in one version, with copies of all that filters, facets and sorting need."""

    version = models.ForeignKey(
        IndexVersion, on_delete=models.CASCADE, related_name="entries", db_index=False
    )
    product_key = models.TextField()
    sku = models.TextField(help_text=_("Lower-cased."))
    name = models.TextField()
    brand = models.TextField(blank=True, default="")
    style = models.TextField(blank=True, default="", help_text=_("Key that the variants of one style share."))
    keywords = models.TextField(blank=True, default="", help_text=_("As the host spells them."))
    document = SearchVectorField()
    facets = ArrayField(models.TextField(), default=list, blank=True, help_text=_('"field=value" tokens.'))
    price = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    in_stock = models.BooleanField(default=True)
    created = models.DateTimeField()
    text_embedding = HalfVectorField(null=True, editable=False)
    text_hash = models.CharField(
        max_length=64, blank=True, default="", help_text=_("Hash of the text that was encoded.")
    )
    content_hash = models.CharField(max_length=64, help_text=_("Hash of the host's document."))
    embedded_hash = models.CharField(
        max_length=64, blank=True, default="", help_text=_("Content hash that the embeddings were made from.")
    )
    error = models.TextField(blank=True, default="")
    # The release before writes entries without it.
    notes = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text=_("What was cleaned in the host's document, and why the product's card cannot be shown."),
    )
    updated_at = models.DateTimeField()

    objects = EntryQuerySet.as_manager()

    class Meta:
        """Constraints and indexes."""

        # The admin shows those with notes alone.
        verbose_name = _("note on a product")
        verbose_name_plural = _("notes")
        constraints = (
            models.UniqueConstraint(fields=("version", "product_key"), name="fashion_search_one_entry"),
        )
        indexes = (
            models.Index(fields=("version", "sku"), name="fashion_search_entry_sku"),
            models.Index(fields=("version", "-created", "product_key"), name="fashion_search_entry_created"),
            models.Index(fields=("version", "price"), name="fashion_search_entry_price"),
            models.Index(
                fields=("product_key",), condition=~models.Q(error=""), name="fashion_search_entry_failed"
            ),
            models.Index(
                fields=("version", "product_key"),
                condition=~models.Q(notes=""),
                name="fashion_search_entry_noted",
            ),
            # How many there are is asked at every look at a version, nearly all of whose entries have theirs.
            models.Index(
                fields=("version",),
                condition=~models.Q(embedded_hash=models.F("content_hash")),
                name="fashion_search_unembedded",
            ),
            # Names may be longer than a B-tree takes.
            HashIndex(Lower("name"), name="fashion_search_entry_name"),
            HashIndex("style", name="fashion_search_entry_style"),
            GinIndex(fields=("document",), name="fashion_search_entry_document"),
            GinIndex(fields=("facets",), name="fashion_search_entry_facets"),
        )

    def __str__(self) -> str:
        return f"{self.sku} in version {self.version_id}"


class ImageQuerySet(QuerySet["EntryImage"]):
    """Pictures of entries by their embeddings."""

    def in_version(self, version_id: int) -> Self:
        """Keep the pictures of one version."""
        return self.filter(version_id=version_id)

    def matching(self, filters: Conditions) -> Self:
        """Keep the pictures of entries that meet the filters."""
        return self.filter(meets(filters, "entry__"))

    def excluding(self, terms: Sequence[str], config: str) -> Self:
        """Leave out the pictures of entries whose texts hold any of the terms."""
        return self.filter(excludes(terms, config, "entry__"))

    def lacking(self, negated: Sequence[Negated], config: str) -> Self:
        """Leave out the pictures of entries that have anything of what is negated."""
        return self.filter(lacks(negated, config, "entry__"))

    def of_products(self, version_id: int, keys: Sequence[str]) -> QuerySet["EntryImage", tuple[str, Any]]:
        """Return product key and embedding of the products' pictures, in their order."""
        pictures = self.in_version(version_id).filter(
            entry__version_id=version_id, entry__product_key__in=list(keys), embedding__isnull=False
        )
        return pictures.order_by("entry__product_key", "position").values_list(
            "entry__product_key", "embedding"
        )

    def nearest_embeddings(
        self, embedding: EmbeddingLiteral, *, dimension: int, limit: int
    ) -> list[EmbeddingLiteral]:
        """Return the nearest embeddings of pictures themselves, by the HNSW index."""
        return list(
            self.filter(embedding__isnull=False)
            .annotate(_distance=distance("embedding", embedding, dimension))
            .order_by("_distance")
            .values_list(Cast("embedding", models.TextField()), flat=True)[:limit]
        )

    def nearest_facets(
        self, embedding: EmbeddingLiteral, *, dimension: int, limit: int
    ) -> list[tuple[list[str], float]]:
        """Return the facet tokens of the pictures that are nearest, through the HNSW index, each with its similarity."""
        rows = (
            self.filter(embedding__isnull=False)
            .annotate(_distance=distance("embedding", embedding, dimension))
            .order_by("_distance")
            .values_list("entry__facets", "_distance")[:limit]
        )
        return [(facets, -far) for facets, far in rows]


class EntryImage(models.Model):
    """One picture of an entry and its embedding, or the reason why it has none."""

    entry = models.ForeignKey(IndexEntry, on_delete=models.CASCADE, related_name="images", db_index=False)
    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="images")
    position = models.PositiveSmallIntegerField()
    name = models.TextField(help_text=_("Storage name of the picture."))
    picture_hash = models.CharField(
        max_length=64, blank=True, default="", help_text=_("SHA-256 of the file's bytes.")
    )
    embedding = HalfVectorField(null=True, editable=False)
    error = models.TextField(blank=True, default="")

    objects = ImageQuerySet.as_manager()

    class Meta:
        """Constraints and indexes."""

        constraints = (
            models.UniqueConstraint(fields=("entry", "position"), name="fashion_search_one_image"),
        )
        indexes = (
            # How many have none is asked at every scrape, of pictures that nearly all have one.
            models.Index(
                fields=("version",),
                condition=models.Q(embedding__isnull=True),
                name="fashion_search_image_without",
            ),
        )

    def __str__(self) -> str:
        return self.name
