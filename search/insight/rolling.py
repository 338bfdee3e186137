"""Count the search log by days, and delete single searches when their time is over.

A day is counted anew, in one transaction, until a day has passed since its end: clicks come after searches, and
records may wait in Redis for a worker. So counting twice changes nothing. When its searches are deleted the
day is closed, in the same transaction, and never counted again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from ..conf import get_settings
from ..models import LoggedSearch, SearchDay
from ..resilience import Attempts
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

    Raises:
        Exception: a day could not be counted or closed; all others were.
        ExceptionGroup: several could not be.
    """
    now = now or timezone.now()
    settings = get_settings()
    today = day_of(now)
    first_kept = today - timedelta(days=settings.insight_days)
    rolled = RolledUp([], [])
    with Attempts("Rolling up the search log") as attempts:
        for day in _logged_days(today):
            with attempts.at(f"{day}"):
                if day < first_kept:
                    _close(day, now)
                    rolled.closed.append(day)
                elif not _is_settled(day):
                    with transaction.atomic():
                        _count(day, now, closed=False)
                    rolled.counted.append(day)
        with attempts.at("deleting what is over"), transaction.atomic():
            _run([statements.DELETE_EVENTS], before=starts(first_kept))
            _run(statements.DELETE_DAYS, before=today - timedelta(days=settings.insight_total_days))
        with attempts.at("popular queries"):
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
        _run([statements.DELETE_SEARCHES], start=starts(day), end=ends(day))


def _count(day: date, now: datetime, *, closed: bool) -> None:
    counting = (statements.SEARCH_DAYS, statements.STAGE_DAYS, statements.QUERY_DAYS)
    _run(statements.DELETE_DAY, day=day)
    _run(counting, day=day, start=starts(day), end=ends(day), now=now, closed=closed)


def _refresh_popular(today: date) -> None:
    first = today - timedelta(days=POPULAR_DAYS)
    with transaction.atomic():
        _run([statements.DELETE_POPULAR])
        _run([statements.POPULAR], first=first, minimum=get_settings().popular_minimum, limit=POPULAR_QUERIES)


def _run(sql: Iterable[str], **values: Any) -> None:
    with connection.cursor() as cursor:
        for statement in sql:
            cursor.execute(statement, values)
