"""The search log, kept for INSIGHT_DAYS, and its daily tables, which stay when single searches have been deleted."""

from django.db import models
from django.utils.translation import gettext_lazy as _


def normalise(text: str) -> str:
    """Return a text as queries are counted: in lower case, with single spaces."""
    return " ".join(text.casefold().split())


class Device(models.TextChoices):
    """What kind of device asked; nothing else of it is kept."""

    PHONE = "phone", _("phone")
    TABLET = "tablet", _("tablet")
    DESKTOP = "desktop", _("desktop")
    APP = "app", _("app or API")
    UNKNOWN = "", _("unknown")


class LoggedSearch(models.Model):
    """One search as it was asked and answered; nothing in it names a person."""

    class Mode(models.TextChoices):
        """What the search was made of."""

        TEXT = "text", _("words")
        PHOTO = "photo", _("photo")
        SIMILAR = "similar", _("similar items")
        CATEGORY = "category", _("category")

    id = models.UUIDField(primary_key=True, editable=False)
    at = models.DateTimeField("time")
    mode = models.CharField(max_length=10, choices=Mode.choices)
    text = models.TextField(blank=True, default="", help_text=_("As typed, cleaned and truncated."))
    query = models.TextField(
        blank=True, default="", help_text=_("The text in lower case, by which queries are counted.")
    )
    corrected = models.TextField(
        blank=True, default="", help_text=_("The spelling that was searched for instead.")
    )
    understood = models.JSONField(
        blank=True, default=list, help_text=_("Parts of the text that were understood.")
    )
    total = models.PositiveIntegerField(help_text=_("Results on all pages."))
    matching = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("Results that meet the whole query; the others are close matches."),
    )
    page = models.PositiveIntegerField(default=1)
    # The release before writes rows without these three.
    before = models.PositiveIntegerField(null=True, blank=True, help_text=_("Results on the pages before."))
    shown = models.PositiveIntegerField(null=True, blank=True, help_text=_("Results on this page."))
    device = models.CharField(
        max_length=7, choices=Device.choices, blank=True, default=Device.UNKNOWN, db_default=""
    )
    filters = models.JSONField(blank=True, default=dict, help_text=_("Filters that the shopper had set."))
    degraded = models.TextField(blank=True, default="", help_text=_("Why the answer was degraded."))
    took_ms = models.FloatField("latency", help_text=_("Total, in milliseconds."))
    stages = models.JSONField(blank=True, default=dict, help_text=_("Milliseconds by stage."))
    visit = models.CharField(
        max_length=16,
        blank=True,
        default="",
        help_text=_("Hash of a cookie, with a key that changes every day."),
    )

    class Meta:
        """Names and indexes."""

        verbose_name = _("logged search")
        verbose_name_plural = _("search log")
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
        """SKU and position of every click on results of a query, given in lower case."""
        searches = LoggedSearch.objects.filter(query=query).values("pk")
        return self.filter(type=SearchEvent.Type.CLICK, search__in=searches).values_list("sku", "position")


class SearchEvent(models.Model):
    """What somebody did with a result of a search; the search is named, not referenced, as it may come later."""

    class Type(models.TextChoices):
        """What can be done with a result."""

        CLICK = "click", _("click")
        ADD_TO_CART = "add_to_cart", _("added to cart")
        PURCHASE = "purchase", _("purchased")

    search = models.UUIDField()
    type = models.CharField(max_length=12, choices=Type.choices)
    sku = models.TextField()
    position = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Position among all pages' results, from 1.")
    )
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


class SearchDay(models.Model):
    """All searches of one day in one mode; the row without a mode counts them all."""

    day = models.DateField()
    mode = models.CharField(max_length=10, blank=True, default="")
    searches = models.PositiveIntegerField(help_text=_("Searches, counted by their first pages."))
    pages = models.PositiveIntegerField(help_text=_("Pages of results, first pages included."))
    visits = models.PositiveIntegerField(help_text=_("Distinct visits, among searches with a cookie."))
    zero = models.PositiveIntegerField(help_text=_("Searches without filters that found nothing."))
    clicked = models.PositiveIntegerField(help_text=_("Searches with a click on a result."))
    clicks = models.PositiveIntegerField(help_text=_("Results that were clicked, on any page."))
    carts = models.PositiveIntegerField(help_text=_("Results that were put into a cart."))
    degraded = models.PositiveIntegerField(help_text=_("Pages whose answer was degraded."))
    p50_ms = models.FloatField()
    p95_ms = models.FloatField()
    p99_ms = models.FloatField()
    rolled_at = models.DateTimeField(help_text=_("When the search log was rolled up."))
    closed = models.BooleanField(default=False, help_text=_("The day's logged searches have been deleted."))
    # The release before counts days without it: they are counted again while their searches are there.
    edition = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text=_("Which counts were made; 1 has adds by query, places and devices."),
    )

    class Meta:
        """Names and constraints."""

        verbose_name = _("day of searches")
        verbose_name_plural = _("overview")
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
    query = models.TextField(help_text=_("In lower case."))
    text = models.TextField(help_text=_("The spelling typed most often."))
    corrected = models.TextField(
        blank=True, default="", help_text=_("The spelling that was searched for instead.")
    )
    searches = models.PositiveIntegerField(help_text=_("Searches, counted by their first pages."))
    visits = models.PositiveIntegerField(
        help_text=_("Distinct visits; without a cookie, each search without filters counts as one.")
    )
    zero = models.PositiveIntegerField(help_text=_("Searches without filters that found nothing."))
    close = models.PositiveIntegerField(
        help_text=_("Searches without filters that found close matches only.")
    )
    clicked = models.PositiveIntegerField(help_text=_("Searches with a click on a result."))
    # The release before counts days without it.
    clickers = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text=_(
            "Distinct visits with a click; without a cookie, each search without filters counts as one."
        ),
    )
    clicks = models.PositiveIntegerField(help_text=_("Results that were clicked, on any page."))
    carted = models.PositiveIntegerField(
        default=0, db_default=0, help_text=_("Searches of which a result was put into a cart.")
    )
    carts = models.PositiveIntegerField(
        default=0, db_default=0, help_text=_("Results that were put into a cart, on any page.")
    )
    placed = models.PositiveIntegerField(help_text=_("Clicks whose position is known."))
    positions = models.PositiveBigIntegerField(help_text=_("Sum of the positions of clicks."))
    total = models.PositiveIntegerField(help_text=_("Results of the last search."))

    class Meta:
        """Names, constraints and indexes."""

        verbose_name = _("query of a day")
        verbose_name_plural = _("queries")
        constraints = (models.UniqueConstraint(fields=("day", "query"), name="fashion_search_query_once"),)
        indexes = (models.Index(fields=("query", "day"), name="fashion_search_query_day"),)

    def __str__(self) -> str:
        return self.text


class PlaceDay(models.Model):
    """One place of the lists of results of one day, from 1, over all pages."""

    day = models.DateField()
    place = models.PositiveSmallIntegerField()
    shown = models.PositiveIntegerField(help_text=_("Pages that had a result there."))
    clicked = models.PositiveIntegerField(help_text=_("Results there that were clicked."))
    carted = models.PositiveIntegerField(help_text=_("Results there that were put into a cart."))

    class Meta:
        """Constraints; its page asks for the permission of queries."""

        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("day", "place"), name="fashion_search_place_once"),)

    def __str__(self) -> str:
        return f"{self.day} {self.place}"


class DeviceDay(models.Model):
    """All searches of one day from one kind of device."""

    day = models.DateField()
    device = models.CharField(max_length=7, choices=Device.choices, blank=True)
    searches = models.PositiveIntegerField(help_text=_("Searches, counted by their first pages."))
    zero = models.PositiveIntegerField(help_text=_("Searches without filters that found nothing."))
    clicked = models.PositiveIntegerField(help_text=_("Searches with a click on a result."))
    carted = models.PositiveIntegerField(help_text=_("Searches of which a result was put into a cart."))

    class Meta:
        """Constraints; its page asks for the permission of queries."""

        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("day", "device"), name="fashion_search_device_once"),)

    def __str__(self) -> str:
        return f"{self.day} {self.get_device_display()}"


class WeeklyMail(models.Model):
    """The mail about one week to one address; the row keeps two workers from sending it twice."""

    week = models.DateField(help_text=_("Monday of the week that it is about."))
    address = models.TextField()
    claimed_at = models.DateTimeField(null=True, blank=True, help_text=_("When a worker began to send it."))
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text=_("How often it could not be sent."))
    error = models.TextField(blank=True, default="", help_text=_("Why it could not be sent the last time."))

    class Meta:
        """Constraints; its page asks for the permission of queries."""

        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("week", "address"), name="fashion_search_mail_once"),)

    def __str__(self) -> str:
        return f"{self.week} to {self.address}"


class PopularQuery(models.Model):
    """A query of the last weeks with results that several visits clicked, on several days, and with nothing that is blocked."""

    query = models.TextField(primary_key=True, help_text=_("In lower case."))
    text = models.TextField(help_text=_("The spelling typed most often."))
    searches = models.PositiveIntegerField()
    clicked = models.PositiveIntegerField()

    class Meta:
        """Names."""

        verbose_name_plural = _("popular queries")

    def __str__(self) -> str:
        return self.text


class IgnoredQuery(models.Model):
    """A query that the workbench lists no more, since somebody has decided that there is nothing to do about it."""

    query = models.TextField(primary_key=True, help_text=_("In lower case."))
    text = models.TextField(help_text=_("As it was listed."))
    by = models.CharField(max_length=150, help_text=_("Who ignored it."))
    at = models.DateTimeField("time", auto_now_add=True)

    class Meta:
        """Names; who may add one ignores queries, who may delete one takes that back."""

        verbose_name = _("ignored query")
        verbose_name_plural = _("ignored queries")
        ordering = ("-at", "query")
        default_permissions = ("add", "delete")

    def __str__(self) -> str:
        return self.text
