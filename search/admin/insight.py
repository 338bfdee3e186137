"""Insight in the admin: an overview with charts, queries by kind, a workbench for one query, and the search log."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ..clock import today
from ..conf import get_settings
from ..models import LoggedSearch, QueryDay, SearchDay, SearchEvent
from ..text import MAX_LENGTH, storable
from .base import ReadOnlyAdmin
from .inspector import InsightAdmin, InspectorPages

PER_PAGE = 50
FIRST_QUERIES = 8  # of each kind, in the overview


@admin.register(SearchDay)
class SearchDayAdmin(InsightAdmin):
    """The overview."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show charts and totals of a period."""
        from ..insight.charts import draw_overview
        from ..insight.reports import Queries, is_empty, read_figures, read_period

        if not self.has_view_permission(request):
            raise PermissionDenied
        period, complaint = read_period(request.GET.dict(), today())
        figures = read_figures(period)
        return self.respond(
            request,
            "overview",
            _("Overview"),
            page="overview",
            period=period,
            complaint=complaint,
            empty=is_empty(),
            figures=figures,
            charts=draw_overview(figures, period.days),
            top=Queries("top", period)[:FIRST_QUERIES],
            zero=Queries("zero", period)[:FIRST_QUERIES],
        )


@admin.register(QueryDay)
class QueryDayAdmin(InspectorPages):
    """Queries by kind, and the workbench for one of them."""

    def get_urls(self) -> list[URLPattern]:
        """Add the workbench."""
        workbench = self.admin_site.admin_view(self.workbench_view)
        return [*super().get_urls(), path("workbench/", workbench, name="fashion_search_workbench")]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show the queries of a period, the commonest first, or those that need somebody."""
        from ..insight.reports import KINDS, LOW_SEARCHES, LOW_SHARE, Queries, is_empty, read_period

        if not self.has_view_permission(request):
            raise PermissionDenied
        period, complaint = read_period(request.GET.dict(), today())
        kind = request.GET.get("show", "top")
        kind = kind if kind in KINDS else "top"
        containing = _text(request)
        # It counts and cuts, which is all that a paginator asks for.
        pages: Paginator[Any] = Paginator(Queries(kind, period, containing), PER_PAGE)  # type: ignore[arg-type]
        return self.respond(
            request,
            "queries",
            "Queries",
            page="queries",
            period=period,
            complaint=complaint,
            empty=is_empty(),
            kind=kind,
            containing=containing,
            rows=pages.get_page(request.GET.get("p")),
            searched=bool(pages.count or Queries("top", period, containing)[:1]),
            address=urlencode(
                {"show": kind, "q": containing, "from": str(period.first), "to": str(period.last)}
            ),
            low_searches=LOW_SEARCHES,
            low_share=LOW_SHARE,
        )

    def workbench_view(self, request: HttpRequest) -> HttpResponse:
        """Show what lies near a query in the joint space, and what was done with its results."""
        from ..insight.reports import clicked_results, read_period, read_query
        from ..insight.workbench import look_around

        if not self.has_view_permission(request):
            raise PermissionDenied
        period, complaint = read_period(request.GET.dict(), today())
        text = _text(request)
        around = look_around(text) if text else None
        return self.respond(
            request,
            "workbench",
            "Workbench",
            page="workbench",
            period=period,
            complaint=complaint,
            text=text,
            figures=read_query(text, period) if text else None,
            clicked=clicked_results(text) if text else [],
            around=around,
            synonym=self._synonym_address(request),
            shop=f"{resolve_url(get_settings().search_url)}?{urlencode({'q': text})}",
        )

    def _synonym_address(self, request: HttpRequest) -> str:
        """The form for a new synonym, for those who may add one."""
        if not request.user.has_perm("fashion_search.add_synonym"):
            return ""
        try:
            return reverse(f"{self.admin_site.name}:fashion_search_synonym_add")
        except NoReverseMatch:
            return ""


def _text(request: HttpRequest) -> str:
    return " ".join(storable(request.GET.get("q", "")).split())[:MAX_LENGTH]


class AnswerFilter(admin.SimpleListFilter):
    """What somebody looks into the log for."""

    title = "answer"
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds of answers."""
        return [
            ("zero", "nothing found"),
            ("degraded", "degraded"),
            ("corrected", "spelling corrected"),
            ("clicked", "result clicked"),
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
    search_help_text = "Words of the query, or the hash of a visit"
    date_hierarchy = "at"
    list_per_page = 50
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what was logged stays as it was."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return every field, and the search's events."""
        return [*super().get_readonly_fields(request, obj), "events"]

    @admin.display(description="query", ordering="query")
    def asked(self, row: LoggedSearch) -> SafeString:
        """Return what was typed, and what was searched for instead."""
        if row.corrected:
            return format_html("{} → {}", row.text, row.corrected)
        return format_html("{}", row.text or "–")  # noqa: RUF001 - a dash stands for nothing

    @admin.display(description="latency", ordering="took_ms")
    def latency(self, row: LoggedSearch) -> str:
        """Return milliseconds in all."""
        return f"{row.took_ms:.0f} ms"

    @admin.display(description="events")
    def events(self, row: LoggedSearch) -> SafeString:
        """Return what was done with the results, in its order."""
        found = SearchEvent.objects.filter(search=row.pk).order_by("at")
        return format_html_join(
            "",
            "<div>{} of {}{}, {}</div>",
            (
                (
                    event.get_type_display(),
                    event.sku,
                    f" at position {event.position}" if event.position else "",
                    event.at.strftime("%H:%M:%S"),
                )
                for event in found
            ),
        )
