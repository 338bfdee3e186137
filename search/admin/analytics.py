"""Analytics in the admin: queries with what was done with their results, what changed, places, devices, the weekly mail."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ..clock import today
from ..conf import get_settings
from ..models import WeeklyMail
from ..resilience import reason_of
from ..sentences import gettext_lazy, pgettext_lazy
from .csv_export import as_csv
from .workbench import WorkbenchPages, given_query

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from ..insight.reports import Period

logger = logging.getLogger(__name__)

PER_PAGE = 50
MAILS = 20  # that are listed
CSV = "csv"  # value of `export` in an address
# Columns of the list of queries, by the key that they are sorted by.
COLUMNS = (
    ("query", gettext_lazy("Query")),
    ("searches", gettext_lazy("Searches")),
    ("clicks", gettext_lazy("Clicks")),
    ("rate", gettext_lazy("Click-through")),
    ("adds", gettext_lazy("Added")),
    ("add_rate", gettext_lazy("Add rate")),
    ("position", gettext_lazy("Mean position")),
    ("zero", gettext_lazy("Nothing found")),
    ("last", pgettext_lazy("day of a query's last search", "Last")),
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that sorts a list."""

    key: str
    label: str | _StrPromise
    address: str  # of the list sorted by it; the other way round where it is sorted by it already
    direction: str  # "ascending" or "descending" where it is, otherwise ""

    @property
    def is_number(self) -> bool:
        """Whether the column has numbers alone, which stand at its right."""
        return self.key not in ("query", "rate", "zero")


class AnalyticsPages(WorkbenchPages):
    """The list of queries, and pages more for the admin of queries."""

    def get_urls(self) -> list[URLPattern]:
        """Add their addresses."""
        view = self.admin_site.admin_view
        pages = [
            path("changes/", view(self.changes_view), name="fashion_search_changes"),
            path("places/", view(self.places_view), name="fashion_search_places"),
            path("devices/", view(self.devices_view), name="fashion_search_devices"),
            path("weekly/", view(self.weekly_view), name="fashion_search_weekly"),
            path("weekly/send/", view(require_POST(self.send_view)), name="fashion_search_weekly_send"),
        ]
        return [*super().get_urls(), *pages]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the queries of a period, the commonest first, or those that need somebody."""
        from ..insight.breakdowns import uncounted_until
        from ..insight.reports import KINDS, LOW_SEARCHES, LOW_SHARE, SORTS, Queries

        period, complaint = self._period(request)
        kind = _one_of(request, "show", KINDS)
        sort = request.GET.get("sort", "")
        sort = sort if sort.removeprefix("-") in SORTS else ""
        containing = given_query(request)
        queries = Queries(kind, period, containing, sort)
        kept = _kept(period, show=kind, q=containing, sort=sort)
        if _is_export(request):
            return _download("queries", period, [*(label for _key, label in COLUMNS)], _query_rows(queries))
        # It counts and cuts, which is all that a paginator asks for.
        pages: Paginator[Any] = Paginator(queries, PER_PAGE)
        return self._show(
            request,
            "queries",
            _("Queries"),
            period,
            complaint,
            kept,
            page="queries",
            kind=kind,
            containing=containing,
            rows=pages.get_page(request.GET.get("p")),
            searched=bool(pages.count or Queries("top", period, containing)[:1]),
            headings=[_heading(key, label, sort, kept) for key, label in COLUMNS],
            uncounted=uncounted_until(period),
            low_searches=LOW_SEARCHES,
            low_share=LOW_SHARE,
        )

    def changes_view(self, request: HttpRequest) -> HttpResponseBase:
        """Show the queries that were searched for less or more than before, or clicked less."""
        from ..insight import changes
        from ..insight.reports import covers

        period, complaint = self._period(request)
        compared = changes.whole_days(period, today())
        kind = _one_of(request, "show", changes.KINDS)
        containing = given_query(request)
        found = changes.changed_queries(kind, compared, containing)
        kept = _kept(period, show=kind, q=containing)
        if _is_export(request):
            header = [
                _("Query"), _("Searches before"), _("Searches"), _("Change"),
                _("Click-through before"), _("Click-through"), _("Change of click-through"),
            ]  # fmt: skip
            rows = (
                (
                    one.text,
                    one.searches_before,
                    one.searches,
                    one.change,
                    one.rate_before,
                    one.rate,
                    one.points,
                )
                for one in found
            )
            return _download(f"changes-{kind}", compared, header, rows)
        return self._show(
            request,
            "changes",
            _("Changes"),
            period,
            complaint,
            kept,
            page="changes",
            kind=kind,
            containing=containing,
            rows=Paginator(found, PER_PAGE).get_page(request.GET.get("p")),
            compared=compared,
            comparable=covers(compared.before),
            least_searches=changes.LEAST_SEARCHES,
            least_change=changes.LEAST_CHANGE,
            least_points=changes.LEAST_POINTS,
        )

    def places_view(self, request: HttpRequest) -> HttpResponseBase:
        """Show how often results are clicked and added by their place."""
        from ..insight.breakdowns import read_places, uncounted_until
        from ..insight.charts import draw_places

        period, complaint = self._period(request)
        figures = read_places(period)
        shown = figures if any(row.shown for row in figures) else []
        if _is_export(request):
            header = [_("Place"), _("Shown"), _("Clicked"), _("Click rate"), _("Added"), _("Add rate")]
            rows = (
                (row.place, row.shown, row.clicked, row.rate, row.carted, row.add_rate) for row in figures
            )
            return _download("places", period, header, rows)
        return self._show(
            request,
            "places",
            _("Places"),
            period,
            complaint,
            _kept(period),
            page="places",
            figures=shown,
            charts=draw_places(shown) if shown else [],
            uncounted=uncounted_until(period),
        )

    def devices_view(self, request: HttpRequest) -> HttpResponseBase:
        """Show searches by the kind of device."""
        from ..insight.breakdowns import read_devices, uncounted_until
        from ..insight.charts import draw_devices

        period, complaint = self._period(request)
        figures = read_devices(period)
        if _is_export(request):
            header = [
                _("Device"), _("Searches"), _("Share"), _("Click-through"), _("Add rate"), _("Nothing found")
            ]  # fmt: skip
            rows = (
                (
                    str(row.device.label),
                    row.searches,
                    row.part,
                    row.click_through,
                    row.add_rate,
                    row.zero_share,
                )
                for row in figures
            )
            return _download("devices", period, header, rows)
        return self._show(
            request,
            "devices",
            _("Devices"),
            period,
            complaint,
            _kept(period),
            page="devices",
            figures=figures,
            chart=draw_devices(figures, period.days),
            uncounted=uncounted_until(period),
        )

    def weekly_view(self, request: HttpRequest) -> HttpResponseBase:
        """Show the mail about last week, and who got it."""
        from ..insight.weekly import write_report
        from ..insight.weekly_mail import DUE_HOUR, due_week

        self._check(request)
        week = due_week(timezone.now())
        return self.respond(
            request,
            "weekly",
            _("Weekly mail"),
            page="weekly",
            week=week,
            report=write_report(week),
            addresses=get_settings().weekly_report,
            address=_address_of(request),
            mails=WeeklyMail.objects.order_by("-week", "address")[:MAILS],
            due_hour=DUE_HOUR,
        )

    def send_view(self, request: HttpRequest) -> HttpResponse:
        """Send the mail to the one who asks for it, now."""
        from ..insight.weekly import write_report
        from ..insight.weekly_mail import due_week, send

        self._check(request)
        address = _address_of(request)
        if address:
            try:
                send(write_report(due_week(timezone.now())), address)
            except Exception as error:
                logger.exception("The weekly mail could not be sent to somebody who asked for it.")
                said = _(
                    "The mail could not be sent: %(reason)s. Correct the mail settings (EMAIL_HOST and others)."
                )
                messages.error(request, said % {"reason": reason_of(error).rstrip(".")})
            else:
                messages.success(request, _("The mail was sent to %(address)s.") % {"address": address})
        else:
            messages.error(request, _("Your account has no mail address: have one added to your user first."))
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:fashion_search_weekly"))

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _period(self, request: HttpRequest) -> tuple[Period, str]:
        from ..insight.reports import read_period

        self._check(request)
        return read_period(request.GET.dict(), today())

    def _show(
        self,
        request: HttpRequest,
        template: str,
        title: str,
        period: Period,
        complaint: str,
        kept: dict[str, str],
        **context: Any,
    ) -> HttpResponseBase:
        from ..insight.reports import is_empty

        dates = ("from", "to")
        return self.respond(
            request,
            template,
            title,
            period=period,
            complaint=complaint,
            empty=is_empty(),
            shop=resolve_url(get_settings().search_url),
            kept={name: value for name, value in kept.items() if name not in dates},
            address=urlencode(kept),
            export=urlencode({**kept, "export": CSV}),
            **context,
        )


def _one_of(request: HttpRequest, name: str, values: Sequence[str]) -> str:
    """The value of an address, the first one where it has none of these."""
    value = request.GET.get(name, "")
    return value if value in values else values[0]


def _is_export(request: HttpRequest) -> bool:
    return request.GET.get("export") == CSV


def _kept(period: Period, **values: str) -> dict[str, str]:
    """What other addresses of the same page keep."""
    given = {name: value for name, value in values.items() if value}
    return {"from": str(period.first), "to": str(period.last), **given}


def _heading(key: str, label: Any, sort: str, kept: dict[str, str]) -> Heading:
    direction = {"": "", key: "ascending", f"-{key}": "descending"}.get(sort, "")
    descends = direction == "ascending" if direction else key != "query"
    address = urlencode({**kept, "sort": f"-{key}" if descends else key})
    return Heading(key, label, address, direction)


def _query_rows(queries: Iterable[Any]) -> Iterable[Sequence[Any]]:
    for row in queries:
        yield (
            row.text, row.searches, row.clicks, row.click_through, row.carts, row.add_rate, row.position,
            row.zero_share, row.last_day,
        )  # fmt: skip


def _download(
    name: str, period: Period, header: Sequence[Any], rows: Iterable[Sequence[Any]]
) -> HttpResponseBase:
    return as_csv(f"{name}-{period.first}-{period.last}", [str(label) for label in header], rows)


def _address_of(request: HttpRequest) -> str:
    user: Any = request.user
    return str(getattr(user, user.get_email_field_name(), "") or "")
