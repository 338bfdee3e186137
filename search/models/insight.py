"""The search log: one row per search and per event of its results, kept for INSIGHT_DAYS."""

from django.db import models


class LoggedSearch(models.Model):
    """One search as it was asked and answered; nothing in it names a person."""

    class Mode(models.TextChoices):
        """What the search was made of."""

        TEXT = "text", "words"
        PHOTO = "photo", "photo"
        SIMILAR = "similar", "similar items"
        CATEGORY = "category", "category"

    id = models.UUIDField(primary_key=True, editable=False)
    at = models.DateTimeField("time")
    mode = models.CharField(max_length=10, choices=Mode.choices)
    text = models.TextField(blank=True, default="", help_text="As it was typed, cleaned and cut.")
    query = models.TextField(blank=True, default="", help_text="The text in small letters; what is counted.")
    corrected = models.TextField(
        blank=True, default="", help_text="The spelling that was searched for instead."
    )
    understood = models.JSONField(blank=True, default=list, help_text="Parts of the text that were known.")
    total = models.PositiveIntegerField(help_text="Results on all pages.")
    matching = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Results that have all that was asked for; the others are close to it.",
    )
    page = models.PositiveIntegerField(default=1)
    filters = models.JSONField(blank=True, default=dict, help_text="Filters that the shopper had set.")
    degraded = models.TextField(blank=True, default="", help_text="Why the answer was degraded.")
    took_ms = models.FloatField("latency", help_text="Milliseconds in all.")
    stages = models.JSONField(blank=True, default=dict, help_text="Milliseconds of each stage.")
    visit = models.CharField(
        max_length=16, blank=True, default="", help_text="Hash of a cookie with a key of the day."
    )

    class Meta:
        """Names and indexes."""

        verbose_name = "logged search"
        verbose_name_plural = "search log"
        ordering = ("-at",)
        indexes = (
            models.Index(fields=("at",), name="fashion_search_log_at"),
            models.Index(fields=("query", "-at"), name="fashion_search_log_query"),
        )

    def __str__(self) -> str:
        return f"{self.text or self.get_mode_display()} ({self.at:%Y-%m-%d %H:%M})"


class SearchEventQuerySet(models.QuerySet["SearchEvent"]):
    """Events by what was searched for."""

    def of_query(self, query: str) -> "models.QuerySet[SearchEvent, tuple[str, int | None]]":
        """SKU and position of every click on results of a query, given in small letters."""
        searches = LoggedSearch.objects.filter(query=query).values("pk")
        return self.filter(type=SearchEvent.Type.CLICK, search__in=searches).values_list("sku", "position")


class SearchEvent(models.Model):
    """What somebody did with a result of a search; the search is named, not referenced, as it may come later."""

    class Type(models.TextChoices):
        """What can be done with a result."""

        CLICK = "click", "click"
        ADD_TO_CART = "add_to_cart", "added to cart"
        PURCHASE = "purchase", "purchased"

    search = models.UUIDField()
    type = models.CharField(max_length=12, choices=Type.choices)
    sku = models.TextField()
    position = models.PositiveIntegerField(null=True, blank=True, help_text="From 1, over all pages.")
    at = models.DateTimeField("time")

    objects = SearchEventQuerySet.as_manager()

    class Meta:
        """Constraints and indexes."""

        constraints = (
            models.UniqueConstraint(fields=("search", "type", "sku"), name="fashion_search_event_once"),
        )
        indexes = (models.Index(fields=("at",), name="fashion_search_event_at"),)

    def __str__(self) -> str:
        return f"{self.get_type_display()} of {self.sku}"
