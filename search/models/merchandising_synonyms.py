"""Synonyms that a merchandiser adds to the general ones."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Synonym(models.Model):
    """A word or phrase of shoppers, and what the catalogue calls it."""

    phrase = models.CharField(max_length=200, help_text="What shoppers type.")
    means = ArrayField(
        models.CharField(max_length=200), help_text="Words, phrases, or values such as colour=Navy Blue."
    )
    both_ways = models.BooleanField(
        default=False, help_text="What it means is also found by the phrase's own products."
    )
    enabled = models.BooleanField(default=True)
    note = models.TextField(blank=True, default="", help_text="For colleagues: why it is here.")
    hits = models.BigIntegerField(default=0, editable=False, help_text="Searches that held the phrase.")
    last_fired = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """Order."""

        ordering = ("phrase", "pk")

    def __str__(self) -> str:
        return self.phrase
