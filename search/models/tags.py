"""Tags: the words that a shop adds to the vocabulary, the vocabulary of a version, and the tags of products."""

from collections.abc import Collection
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from .versions import IndexVersion


class TagWord(models.Model):
    """A word that the shop adds to the tag vocabulary, or keeps out of it."""

    kind = models.SlugField(max_length=40, help_text=_("What it describes: material, neckline, style ..."))
    text = models.CharField(
        "word", max_length=60, help_text=_("One word or a short phrase, as shoppers will read it.")
    )
    hidden = models.BooleanField(
        default=False,
        help_text=_("Never suggest this word, even where the catalogue or the general list has it."),
    )
    note = models.TextField(blank=True, default="", help_text=_("For colleagues: why it is here."))
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """Order and constraints."""

        ordering = ("kind", "text")
        constraints = (
            models.UniqueConstraint(
                "kind",
                Lower("text"),
                name="fashion_search_one_tag_word",
                violation_error_message="This kind has the word already.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.text} ({self.kind})"


class VersionTags(models.Model):
    """The tag vocabulary of one version with its embeddings, so that web processes encode none of it."""

    version = models.OneToOneField(
        IndexVersion, on_delete=models.CASCADE, primary_key=True, related_name="tags"
    )
    source = models.TextField(
        help_text=_("Identifies the state of the catalogue and of the words that it was made from.")
    )
    words = models.JSONField(
        help_text=_("Kind, word, whether it is a value of a facet, and the value's share.")
    )
    embeddings = models.BinaryField(help_text=_("Embeddings of the words, in their order: 32-bit floats."))
    slopes = models.JSONField(help_text=_("Weight of the similarity in each word's score."))
    intercepts = models.JSONField(help_text=_("Constant term of each word's score."))
    trusts = models.JSONField(
        help_text=_("Weight, in each word's score, of how usual the word is in the picture's category.")
    )
    usual = models.BinaryField(
        help_text=_("Share of each category's products whose texts contain each word: 32-bit floats.")
    )
    ceilings = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text=_("The highest confidence of each word."),
    )
    untold = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text=_('Why each word has no confidence, or "".'),
    )
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"tag vocabulary of version {self.version_id}"


class ProductTagQuerySet(models.QuerySet["ProductTag"]):
    """Tags of products by what was decided."""

    def suggested(self) -> Self:
        """Tags that wait for somebody's decision."""
        return self.filter(state=ProductTag.State.SUGGESTED)

    def accepted_of(self, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return product key -> its accepted tags, in the alphabet's order; products without any are left out."""
        rows = self.filter(state=ProductTag.State.ACCEPTED, product_key__in=list(keys))
        found: dict[str, dict[str, None]] = {}
        for key, word in rows.order_by("product_key", "word").values_list("product_key", "word"):
            found.setdefault(key, {})[word] = None
        return {key: tuple(words) for key, words in found.items()}


class ProductTag(models.Model):
    """A word for one product: suggested from its pictures, then accepted or rejected. It outlives index versions."""

    class State(models.TextChoices):
        """What was decided."""

        SUGGESTED = "suggested", _("suggested")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")

    product_key = models.TextField()
    kind = models.CharField(max_length=40)
    word = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.SUGGESTED)
    similarity = models.FloatField(
        help_text=_("Similarity of the word to the product's pictures, from -1 to 1.")
    )
    confidence = models.FloatField(help_text=_("Estimated probability that the word fits, from 0 to 1."))
    version = models.ForeignKey(
        IndexVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="suggested_tags"
    )
    artifact_name = models.TextField(help_text=_("The artifact that suggested it."))
    suggested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ProductTagQuerySet.as_manager()

    class Meta:
        """Order, constraints and indexes."""

        ordering = ("product_key", "-confidence", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("product_key", "kind", "word"), name="fashion_search_one_product_tag"
            ),
        )
        indexes = (models.Index(fields=("state", "product_key"), name="fashion_search_tag_state"),)

    def __str__(self) -> str:
        return f"{self.word} ({self.kind}, {self.state})"
