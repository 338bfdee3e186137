"""Banners: a line above the results of a query or of a category."""

from django.db import models

from .merchandising_schedule import Scheduled


class Banner(Scheduled):
    """A text with a link and a picture, where it has them."""

    class Place(models.TextChoices):
        """Where it is shown."""

        QUERY = "query", "when the query is"
        CONTAINS = "contains", "when the query contains"
        CATEGORY = "category", "on the page of the category"

    place = models.CharField(max_length=20, choices=Place, default=Place.QUERY)
    phrase = models.CharField(max_length=200, help_text="The query or the category.")
    text = models.CharField(max_length=200)
    link = models.CharField(
        max_length=500, blank=True, default="", help_text="A path, or an address at a host of REDIRECT_HOSTS."
    )
    picture = models.CharField(
        max_length=500, blank=True, default="", help_text="Address of a picture, like the link's."
    )

    class Meta(Scheduled.Meta):
        """Order."""

        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.text
