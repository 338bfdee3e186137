"""Index entries: what one version knows about one product, and about each of its pictures."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, HashIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Lower
from pgvector.django import HalfVectorField

from .versions import IndexVersion

HIGHEST_PRICE = Decimal(10) ** 10  # prices lie below it
FINEST_PRICE = Decimal("0.0001")  # the column keeps no more decimals


class IndexEntry(models.Model):
    """One product in one version, with copies of all that filters, facets and sorting need."""

    version = models.ForeignKey(
        IndexVersion, on_delete=models.CASCADE, related_name="entries", db_index=False
    )
    product_key = models.TextField()
    sku = models.TextField(help_text="Lower-cased.")
    name = models.TextField()
    brand = models.TextField(blank=True, default="")
    style = models.TextField(blank=True, default="", help_text="What its variants have in common.")
    keywords = models.TextField(blank=True, default="", help_text="As the host spells them.")
    document = SearchVectorField()
    facets = ArrayField(models.TextField(), default=list, blank=True, help_text='"field=value" tokens.')
    price = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    in_stock = models.BooleanField(default=True)
    created = models.DateTimeField()
    text_embedding = HalfVectorField(null=True, editable=False)
    text_hash = models.CharField(
        max_length=64, blank=True, default="", help_text="Of the text that was encoded."
    )
    content_hash = models.CharField(max_length=64, help_text="Of everything the host told about the product.")
    embedded_hash = models.CharField(
        max_length=64, blank=True, default="", help_text="The content hash that the embeddings belong to."
    )
    error = models.TextField(blank=True, default="")
    # The release before writes entries without it.
    notes = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="What of the host's document was changed to be indexed, and why no list can show the product.",
    )
    updated_at = models.DateTimeField()

    class Meta:
        """Constraints and indexes."""

        verbose_name_plural = "index entries"
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
            # Names may be longer than a B-tree takes.
            HashIndex(Lower("name"), name="fashion_search_entry_name"),
            HashIndex("style", name="fashion_search_entry_style"),
            GinIndex(fields=("document",), name="fashion_search_entry_document"),
            GinIndex(fields=("facets",), name="fashion_search_entry_facets"),
        )

    def __str__(self) -> str:
        return f"{self.sku} in version {self.version_id}"


class EntryImage(models.Model):
    """One picture of an entry and its embedding, or the reason why it has none."""

    entry = models.ForeignKey(IndexEntry, on_delete=models.CASCADE, related_name="images", db_index=False)
    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="images")
    position = models.PositiveSmallIntegerField()
    name = models.TextField(help_text="Storage name of the picture.")
    picture_hash = models.CharField(
        max_length=64, blank=True, default="", help_text="SHA-256 of the file's bytes."
    )
    embedding = HalfVectorField(null=True, editable=False)
    error = models.TextField(blank=True, default="")

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
