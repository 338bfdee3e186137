"""The overview in the admin: what shoppers search for, what they do not find, and in one line whether search is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from ..clock import today
from ..conf import get_settings
from ..models import SearchDay
from .builds import may_view
from .inspector import InsightAdmin
from .workbench import actions_for

if TYPE_CHECKING:
    from ..insight.reports import Period

FIRST_QUERIES = 8  # of each kind


@admin.register(SearchDay)
class SearchDayAdmin(InsightAdmin):
    """One page; queries and health are shown to those who may see the pages that they come from."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show charts and totals of a period."""
        from ..insight.charts import draw_overview
        from ..insight.reports import is_empty, read_figures, read_period
        from ..monitoring.dashboard import read_board

        if not self.has_view_permission(request):
            raise PermissionDenied
        period, complaint = read_period(request.GET.dict(), today())
        figures = read_figures(period)
        context: dict[str, Any] = {}
        if request.user.has_perm("fashion_search.view_queryday"):
            context = self._queries(request, period, covered=figures.before.searches > 0)
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
            board=read_board() if may_view(request) else None,
            shop=resolve_url(get_settings().search_url),
            **context,
        )

    def _queries(self, request: HttpRequest, period: Period, *, covered: bool) -> dict[str, Any]:
        """The commonest queries with their trend, and those that need somebody with what can be done."""
        from ..insight.overview import read_trends
        from ..insight.reports import Queries
        from ..insight.workbench import OpenQueries, offer_words

        waiting = OpenQueries("open", period)[:FIRST_QUERIES]
        words = offer_words([row.text for row in waiting])
        return {
            "top": read_trends(Queries("top", period)[:FIRST_QUERIES], period, covered=covered),
            "todo": [(row, words.get(row.text, [])) for row in waiting],
            **actions_for(request, self.admin_site.name),
        }
