"""Daily tables of the search log: what stays when single searches have been deleted."""

from django.db import models


class SearchDay(models.Model):
    """All searches of one day in one mode; the row without a mode counts them all."""

    day = models.DateField()
    mode = models.CharField(max_length=10, blank=True, default="")
    searches = models.PositiveIntegerField(help_text="First pages.")
    pages = models.PositiveIntegerField(help_text="Pages, the first ones among them.")
    visits = models.PositiveIntegerField(help_text="Different visits, where a cookie told them apart.")
    zero = models.PositiveIntegerField(help_text="Searches without filters that found nothing.")
    clicked = models.PositiveIntegerField(help_text="Searches of which a result was clicked.")
    clicks = models.PositiveIntegerField(help_text="Results that were clicked, on any page.")
    carts = models.PositiveIntegerField(help_text="Results that were put into a cart.")
    degraded = models.PositiveIntegerField(help_text="Pages that were degraded.")
    p50_ms = models.FloatField()
    p95_ms = models.FloatField()
    p99_ms = models.FloatField()
    rolled_at = models.DateTimeField(help_text="When the log was counted.")
    closed = models.BooleanField(default=False, help_text="The single searches of the day are deleted.")

    class Meta:
        """Names and constraints."""

        verbose_name = "day of searches"
        verbose_name_plural = "insight"
        constraints = (models.UniqueConstraint(fields=("day", "mode"), name="fashion_search_day_once"),)

    def __str__(self) -> str:
        return f"{self.day} {self.mode or 'all'}"


class StageDay(models.Model):
    """Latency of one stage of all searches of one day."""

    day = models.DateField()
    stage = models.TextField()
    samples = models.PositiveIntegerField()
    p50_ms = models.FloatField()
    p95_ms = models.FloatField()
    p99_ms = models.FloatField()

    class Meta:
        """Constraints."""

        constraints = (models.UniqueConstraint(fields=("day", "stage"), name="fashion_search_stage_once"),)

    def __str__(self) -> str:
        return f"{self.day} {self.stage}"


class QueryDay(models.Model):
    """One query of one day, whatever its capital letters."""

    day = models.DateField()
    query = models.TextField(help_text="In small letters.")
    text = models.TextField(help_text="As it was typed most often.")
    corrected = models.TextField(blank=True, default="", help_text="The spelling searched for instead.")
    searches = models.PositiveIntegerField(help_text="First pages.")
    zero = models.PositiveIntegerField(help_text="Searches without filters that found nothing.")
    close = models.PositiveIntegerField(help_text="Searches without filters that found close matches only.")
    clicked = models.PositiveIntegerField(help_text="Searches of which a result was clicked.")
    clicks = models.PositiveIntegerField(help_text="Results that were clicked, on any page.")
    placed = models.PositiveIntegerField(help_text="Clicks whose position is known.")
    positions = models.PositiveBigIntegerField(help_text="Sum of the positions of clicks.")
    total = models.PositiveIntegerField(help_text="Results of the last search.")

    class Meta:
        """Names, constraints and indexes."""

        verbose_name = "query of a day"
        verbose_name_plural = "queries"
        constraints = (models.UniqueConstraint(fields=("day", "query"), name="fashion_search_query_once"),)
        indexes = (models.Index(fields=("query", "day"), name="fashion_search_query_day"),)

    def __str__(self) -> str:
        return self.text


class PopularQuery(models.Model):
    """A query that several searches of the last weeks had in common; what suggestions are made of."""

    query = models.TextField(primary_key=True, help_text="In small letters.")
    text = models.TextField(help_text="As it was typed most often.")
    searches = models.PositiveIntegerField()
    clicked = models.PositiveIntegerField()

    class Meta:
        """Names."""

        verbose_name_plural = "popular queries"

    def __str__(self) -> str:
        return self.text
