"""Queries and the search log in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import LoggedSearch, QueryDay, SearchEvent
from .analytics import AnalyticsPages
from .base import ReadOnlyAdmin


@admin.register(QueryDay)
class QueryDayAdmin(AnalyticsPages):
    """Queries and the other pages of analytics; the workbench, the inspector and comparisons stand beside them."""


class AnswerFilter(admin.SimpleListFilter):
    """What somebody looks into the log for."""

    title = _("answer")
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds of answers."""
        return [
            ("zero", gettext("nothing found")),
            ("degraded", gettext("degraded")),
            ("corrected", gettext("spelling corrected")),
            ("clicked", gettext("result clicked")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LoggedSearch]) -> QuerySet[LoggedSearch]:
        """Keep the searches with the chosen kind of answer."""
        if self.value() == "zero":
            return queryset.filter(total=0)
        if self.value() == "degraded":
            return queryset.exclude(degraded="")
        if self.value() == "corrected":
            return queryset.exclude(corrected="")
        if self.value() == "clicked":
            return queryset.filter(pk__in=SearchEvent.objects.filter(type="click").values("search"))
        return queryset


@admin.register(LoggedSearch)
class LoggedSearchAdmin(ReadOnlyAdmin):
    """Single searches, the newest first."""

    list_display = ("at", "asked", "mode", "total", "page", "latency", "degraded")
    list_filter = (AnswerFilter, "mode")
    search_fields = ("text", "visit")
    search_help_text = _("Words of the query, or the hash of a visit")
    date_hierarchy = "at"
    list_per_page = 50
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what was logged stays as it was."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return every field, and the search's events."""
        return [*super().get_readonly_fields(request, obj), "events"]

    @admin.display(description=_("query"), ordering="query")
    def asked(self, row: LoggedSearch) -> SafeString:
        """Return what was typed, and what was searched for instead."""
        if row.corrected:
            return format_html("{} → {}", row.text, row.corrected)
        return format_html("{}", row.text or "–")  # noqa: RUF001 - a dash stands for nothing

    @admin.display(description=_("latency"), ordering="took_ms")
    def latency(self, row: LoggedSearch) -> str:
        """Return milliseconds in all."""
        return f"{row.took_ms:.0f} ms"

    @admin.display(description=_("events"))
    def events(self, row: LoggedSearch) -> SafeString:
        """Return what was done with the results, in its order."""
        found = SearchEvent.objects.filter(search=row.pk).order_by("at")
        return format_html_join(
            "",
            "<div>{}</div>",
            (
                (
                    (
                        gettext("%(event)s of %(sku)s at position %(position)s, %(time)s")
                        if event.position
                        else gettext("%(event)s of %(sku)s, %(time)s")
                    )
                    % {
                        "event": event.get_type_display(),
                        "sku": event.sku,
                        "position": event.position,
                        "time": event.at.strftime("%H:%M:%S"),
                    },
                )
                for event in found
            ),
        )
