"""Insight in the admin: an overview with charts, queries by kind, a workbench for one query, and the search log."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from ..conf import get_settings
from ..insight.figures import is_empty, read_figures
from ..insight.nearest import look_around
from ..insight.overview import draw_overview
from ..insight.period import read_period
from ..insight.queries import KINDS, LOW_SEARCHES, LOW_SHARE, Queries, clicked_results, read_query
from ..models import QueryDay, SearchDay
from ..query.clean import MAX_LENGTH
from .insight_pages import InsightAdmin
from .inspector import InspectorPages

PER_PAGE = 50
FIRST_QUERIES = 8  # of each kind, in the overview


@admin.register(SearchDay)
class SearchDayAdmin(InsightAdmin):
    """The overview."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show charts and totals of a period."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        period, complaint = read_period(request.GET.dict(), timezone.localdate())
        figures = read_figures(period)
        return self.respond(
            request,
            "overview",
            "Insight",
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
        if not self.has_view_permission(request):
            raise PermissionDenied
        period, complaint = read_period(request.GET.dict(), timezone.localdate())
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
        if not self.has_view_permission(request):
            raise PermissionDenied
        period, complaint = read_period(request.GET.dict(), timezone.localdate())
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
    return " ".join(request.GET.get("q", "").replace("\x00", "").split())[:MAX_LENGTH]
