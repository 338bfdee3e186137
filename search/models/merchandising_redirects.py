"""Redirects: queries that lead to a page instead of to results."""

from django.db import models

from .merchandising_schedule import Scheduled


class Redirect(Scheduled):
    """Sends a query to an address of the shop."""

    class Place(models.TextChoices):
        """Which queries."""

        QUERY = "query", "when the query is"
        CONTAINS = "contains", "when the query contains"

    place = models.CharField(max_length=20, choices=Place, default=Place.QUERY)
    phrase = models.CharField(max_length=200)
    url = models.CharField(
        "URL", max_length=500, help_text="A path such as /sale/, or an address at a host of REDIRECT_HOSTS."
    )

    class Meta(Scheduled.Meta):
        """Order."""

        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.phrase} to {self.url}"
