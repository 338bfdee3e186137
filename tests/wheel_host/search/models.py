"""Saved searches."""

from django.db import models


class SavedSearch(models.Model):
    """Words that a customer looks for again and again."""

    words = models.CharField(max_length=200)
    found = models.PositiveIntegerField(null=True)

    def __str__(self) -> str:
        """The words."""
        return self.words
