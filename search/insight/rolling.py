"""Count the search log by days, and delete single searches when their time is over.

A day is counted anew, in one transaction, until a day has passed since its end: clicks come after searches, and
records may wait in Redis for a worker. So counting twice changes nothing. When its searches are deleted the
day is closed, in the same transaction, and never counted again.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from ..conf import get_settings
from ..models import LoggedSearch, PopularQuery, QueryDay, SearchDay, SearchEvent, StageDay
from . import statements
from .days import day_of, ends, starts

GRACE = timedelta(days=1)  # after the end of a day, in which clicks of its searches are still counted
POPULAR_DAYS = 30
POPULAR_QUERIES = 20_000


@dataclass(frozen=True, slots=True)
class RolledUp:
    """What one run did."""

    counted: list[date]
    closed: list[date]


def roll_up(now: datetime | None = None) -> RolledUp:
    """Count the days that may have changed, close those that are over, and refresh popular queries.

    Args:
        now: another time than the present.
    """
    now = now or timezone.now()
    settings = get_settings()
    today = day_of(now)
    first_kept = today - timedelta(days=settings.insight_days)
    rolled = RolledUp([], [])
    for day in _logged_days(today):
        if day < first_kept:
            _close(day, now)
            rolled.closed.append(day)
        elif not _is_settled(day):
            with transaction.atomic():
                _count(day, now, closed=False)
            rolled.counted.append(day)
    SearchEvent.objects.filter(at__lt=starts(first_kept)).delete()
    for table in (SearchDay, StageDay, QueryDay):
        table.objects.filter(day__lt=today - timedelta(days=settings.insight_total_days)).delete()
    _refresh_popular(today)
    return rolled


def _logged_days(today: date) -> list[date]:
    first = LoggedSearch.objects.aggregate(first=Min("at"))["first"]
    if first is None:
        return []
    span = (today - day_of(first)).days
    days = [today - timedelta(days=back) for back in range(span, -1, -1)]
    return [day for day in days if _searches_of(day).exists()]


def _searches_of(day: date) -> QuerySet[LoggedSearch]:
    return LoggedSearch.objects.filter(at__gte=starts(day), at__lt=ends(day))


def _is_settled(day: date) -> bool:
    return SearchDay.objects.filter(day=day, mode="", rolled_at__gte=ends(day) + GRACE).exists()


def _close(day: date, now: datetime) -> None:
    with transaction.atomic():
        if not SearchDay.objects.filter(
            day=day, closed=True
        ).exists():  # else these came too late to be counted
            _count(day, now, closed=True)
        _searches_of(day).delete()


def _count(day: date, now: datetime, *, closed: bool) -> None:
    values: dict[str, Any] = {
        "day": day,
        "start": starts(day),
        "end": ends(day),
        "now": now,
        "closed": closed,
    }
    for table in (SearchDay, StageDay, QueryDay):
        table.objects.filter(day=day).delete()
    with connection.cursor() as cursor:
        for statement in (statements.SEARCH_DAYS, statements.STAGE_DAYS, statements.QUERY_DAYS):
            cursor.execute(statement, values)


def _refresh_popular(today: date) -> None:
    values: dict[str, Any] = {
        "first": today - timedelta(days=POPULAR_DAYS),
        "minimum": get_settings().popular_minimum,
        "limit": POPULAR_QUERIES,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        PopularQuery.objects.all().delete()
        cursor.execute(statements.POPULAR, values)
