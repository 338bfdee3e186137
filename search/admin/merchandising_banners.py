"""Banners in the admin."""

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..merchandising.schedule import in_words
from ..models import Banner
from .merchandising import ScheduledAdmin, ScheduleFilter
from .merchandising_forms import BannerForm

PLACES = {"query": "for '{}'", "contains": "for queries with '{}'", "category": "in the category {}"}


@admin.register(Banner)
class BannerAdmin(ScheduledAdmin):
    """Lines above results; several in one place are shown below each other, the oldest first."""

    form = BannerForm
    list_display = ("sentence", "state", "shown", "hits", "last_fired")
    list_display_links = ("sentence",)
    list_filter = (ScheduleFilter, "place")
    search_fields = ("phrase", "text", "link", "note")
    readonly_fields = ("hits", "last_fired")
    fieldsets = (
        ("Where", {"fields": (("place", "phrase"),)}),
        ("What", {"fields": ("text", "link", "picture")}),
        ScheduledAdmin.schedule_fieldset,
        ("So far", {"fields": (("hits", "last_fired"),)}),
    )

    @admin.display(description="what it does", ordering="phrase")
    def sentence(self, row: Banner) -> str:
        """Return what the banner does, in one sentence."""
        where = PLACES[row.place].format(row.phrase)
        return f"Shows '{row.text}' {where}{in_words(row.starts, row.ends, timezone.now())}"

    @admin.display(description="picture")
    def shown(self, row: Banner) -> SafeString | str:
        """Return the picture."""
        if not row.picture:
            return ""
        return format_html('<img src="{}" alt="" height="40" loading="lazy">', row.picture)
