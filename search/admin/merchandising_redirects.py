"""Redirects in the admin."""

from django.contrib import admin
from django.utils import timezone

from ..conf import get_settings
from ..merchandising.conflicts import find_rivals
from ..merchandising.schedule import in_words
from ..models import Redirect
from .merchandising import ScheduledAdmin, ScheduleFilter
from .merchandising_forms import RedirectForm


@admin.register(Redirect)
class RedirectAdmin(ScheduledAdmin):
    """Queries that lead to a page of the shop."""

    form = RedirectForm
    list_display = ("number", "sentence", "state", "conflicts", "hits", "last_fired")
    list_display_links = ("sentence",)
    list_filter = (ScheduleFilter, "place")
    search_fields = ("phrase", "url", "note")
    readonly_fields = ("hits", "last_fired")
    fieldsets = (
        (None, {"fields": (("place", "phrase"), "url")}),
        ScheduledAdmin.schedule_fieldset,
        ("So far", {"fields": (("hits", "last_fired"),)}),
    )

    def conflicts_of(self) -> dict[int, list[str]]:
        """Return the redirects that take each other's queries."""
        return find_rivals(list(self.due()), get_settings().text_config)

    @admin.display(description="what it does", ordering="phrase")
    def sentence(self, row: Redirect) -> str:
        """Return what the redirect does, in one sentence."""
        which = "queries with " if row.place == Redirect.Place.CONTAINS else ""
        return f"Leads {which}'{row.phrase}' to {row.url}{in_words(row.starts, row.ends, timezone.now())}"
