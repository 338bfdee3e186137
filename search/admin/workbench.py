"""The workbench in the admin: queries that need somebody, what can be done about each, and what lies around one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ..clock import today
from ..conf import get_settings
from ..models import IgnoredQuery
from ..models.insight import normalise
from ..text import MAX_LENGTH, storable
from .inspector import InspectorPages

PER_PAGE = 25
FORMS = ("synonym", "redirect", "merchandisingrule")  # what can be made of a query


class WorkbenchPages(InspectorPages):
    """Two addresses more for the admin of queries."""

    def get_urls(self) -> list[URLPattern]:
        """Add them."""
        view = self.admin_site.admin_view
        return [
            *super().get_urls(),
            path("workbench/", view(self.workbench_view), name="fashion_search_workbench"),
            path(
                "workbench/ignore/", view(require_POST(self._ignore)), name="fashion_search_workbench_ignore"
            ),
        ]

    def workbench_view(self, request: HttpRequest) -> HttpResponse:
        """Show the queries that need somebody; of one, what lies near it and what was done with its results."""
        from ..insight.reports import clicked_results, read_period, read_query
        from ..insight.workbench import look_around

        if not self.has_view_permission(request):
            raise PermissionDenied
        period, complaint = read_period(request.GET.dict(), today())
        text = given_query(request)
        context: dict[str, Any] = {"period": period, "complaint": complaint, "text": text}
        if text:
            context |= {
                "figures": read_query(text, period),
                "clicked": clicked_results(text),
                "around": look_around(text),
                "shop": f"{resolve_url(get_settings().search_url)}?{urlencode({'q': text})}",
                "is_ignored": IgnoredQuery.objects.filter(query=normalise(text)).exists(),
            }
        else:
            context |= self._list(request, period)
        return self.respond(
            request,
            "workbench",
            _("Workbench"),
            page="workbench",
            **actions_for(request, self.admin_site.name),
            **context,
        )

    def _list(self, request: HttpRequest, period: Any) -> dict[str, Any]:
        """A page of the queries of a kind, each with the words that it may mean."""
        from ..insight.reports import LOW_SEARCHES, LOW_SHARE, is_empty
        from ..insight.workbench import KINDS, OpenQueries, offer_words

        kind = request.GET.get("show", "")
        kind = kind if kind in KINDS else KINDS[0]
        ignored = IgnoredQuery.objects.all()
        # What counts and cuts is all that a paginator asks for.
        found: Any = ignored if kind == "ignored" else OpenQueries(kind, period)
        rows = Paginator(found, PER_PAGE).get_page(request.GET.get("p"))
        shown = list(rows.object_list)
        words = {} if kind == "ignored" else offer_words([row.text for row in shown])
        return {
            "kind": kind,
            "rows": rows,
            "shown": [(row, words.get(row.text, [])) for row in shown],
            "ignored": ignored.count(),
            "empty": is_empty(),
            "low_searches": LOW_SEARCHES,
            "low_share": LOW_SHARE,
            "address": urlencode({"show": kind, "from": str(period.first), "to": str(period.last)}),
        }

    def _ignore(self, request: HttpRequest) -> HttpResponse:
        """Take a query off the list, or, with `undo`, put it back."""
        text = _query_of(request.POST)
        undo = bool(request.POST.get("undo"))
        verb = "delete" if undo else "add"
        if not (
            self.has_view_permission(request) and request.user.has_perm(f"fashion_search.{verb}_ignoredquery")
        ):
            raise PermissionDenied
        if not text:
            messages.error(request, _("No query was named, so nothing was changed."))
        elif undo:
            rows = IgnoredQuery.objects.filter(query=normalise(text))
            self.log_deletions(request, rows)
            rows.delete()
            messages.success(request, _("“%(query)s” is listed again.") % {"query": text})
        else:
            row, is_new = IgnoredQuery.objects.get_or_create(
                query=normalise(text), defaults={"text": text, "by": request.user.get_username()}
            )
            if is_new:
                self.log_addition(request, row, [{"added": {}}])
            messages.success(
                request, _("“%(query)s” is ignored; the list “Ignored” takes it back.") % {"query": text}
            )
        back = reverse(f"{self.admin_site.name}:fashion_search_workbench")
        return HttpResponseRedirect(f"{back}?{urlencode({'show': 'ignored'})}" if undo else back)


def given_query(request: HttpRequest) -> str:
    """The query that an address names, cleaned; "" where it names none."""
    return _query_of(request.GET)


def _query_of(given: Mapping[str, str]) -> str:
    return " ".join(storable(given.get("q", "")).split())[:MAX_LENGTH]


def actions_for(request: HttpRequest, site: str) -> dict[str, Any]:
    """What somebody may do about a query: addresses of the forms that they may fill in, and whether they may ignore one."""
    forms = {}
    for model in FORMS:
        if request.user.has_perm(f"fashion_search.add_{model}"):
            try:
                forms[model] = reverse(f"{site}:fashion_search_{model}_add")
            except NoReverseMatch:  # the host has taken it out of its admin
                continue
    return {
        "forms": forms,
        "may_ignore": request.user.has_perm("fashion_search.add_ignoredquery"),
        "may_undo": request.user.has_perm("fashion_search.delete_ignoredquery"),
    }
