"""The mail about one week's searches: what it says, in the shop's language."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from ..conf import get_settings
from .changes import changed_queries
from .reports import Period, Queries, read_figures

TEMPLATE = "admin/fashion_search/insight/weekly.txt"
MOST = 8  # queries of each kind
LONGEST = 80  # characters of a query


@dataclass(frozen=True, slots=True)
class Report:
    """A mail: its subject, one line, and its text."""

    subject: str
    text: str


def week_of(day: date) -> Period:
    """Return the days from Monday to Sunday of the last week that was over on a day."""
    monday = day - timedelta(days=day.weekday() + 7)
    return Period(monday, monday + timedelta(days=6))


def write_report(week: Period) -> Report:
    """Write the mail about a week, in the language of the settings."""
    with translation.override(settings.LANGUAGE_CODE):
        figures = read_figures(week)
        context: dict[str, Any] = {
            "week": week,
            "now": figures.totals,
            "before": figures.before,
            "top": Queries("top", week)[:MOST],
            "zero": Queries("zero", week)[:MOST],
            "falling": changed_queries("searches", week)[:MOST],
            "unclicked": changed_queries("clicks", week)[:MOST],
            "rising": changed_queries("rising", week)[:MOST],
            "longest": LONGEST,
            "links": _links(week),
        }
        subject = _("Searches in the week from %(first)s to %(last)s") % {
            "first": date_format(week.first, "j M"),
            "last": date_format(week.last, "j M Y"),
        }
        return Report(subject, render_to_string(TEMPLATE, context).strip() + "\n")


def _links(week: Period) -> list[tuple[str, str]]:
    """Pages of the admin with what they show; none without a base address, or where the admin is not this shop's."""
    base = get_settings().base_address.rstrip("/")
    if not base:
        return []
    days = urlencode({"from": week.first, "to": week.last})
    try:
        return [
            (_("Overview"), f"{base}{reverse('admin:fashion_search_searchday_changelist')}?{days}"),
            (_("Queries"), f"{base}{reverse('admin:fashion_search_queryday_changelist')}?{days}"),
            (_("Changes"), f"{base}{reverse('admin:fashion_search_changes')}?{days}"),
        ]
    except NoReverseMatch:
        return []
