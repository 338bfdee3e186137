"""Write what web processes noted to Postgres, in batches; a batch that is written twice stays one."""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Min, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ..conf import get_settings
from ..models import LoggedSearch, SearchDay, SearchEvent
from ..prometheus import LEFT_OUT
from ..resilience import Attempts
from ..text import storable
from . import log_store
from .log import SEARCH

logger = logging.getLogger(__name__)

BATCH = 1000
MAX_TEXT = 200  # characters of a text
LOCK_TIMEOUT = "2s"  # a locked table is tried again by the next run; until then records wait in Redis
Row = LoggedSearch | SearchEvent


def drain_log(*, batches: int = 50) -> int:
    """Write waiting records; only one process may do so at a time.

    Args:
        batches: most batches of 1000.

    Returns:
        How many records were taken out of the list.

    Raises:
        OperationalError: Postgres did not take them, for example because a table is locked; they stay.
        redis.RedisError: Redis did not answer.
        ConnectionError: searches are logged, but no Redis is named.
    """
    if not get_settings().insight and not log_store.address():
        return 0  # nothing is logged, and there is no Redis that could hold anything of former days
    taken = 0
    for _ in range(batches):
        waiting = log_store.oldest(BATCH)
        if waiting:
            earliest = timezone.now() - timedelta(days=get_settings().insight_days)
            write([row for record in waiting if (row := _row(record, earliest))])
            log_store.drop(
                len(waiting)
            )  # after the commit: a worker killed before it writes the same rows again
        taken += len(waiting)
        if len(waiting) < BATCH:
            break
    return taken


def write(rows: list[Row]) -> None:
    """Insert searches and events that are not there yet; a row that cannot be stored is left out and logged."""
    try:
        _insert(rows)
    except (DataError, IntegrityError, ArithmeticError, AttributeError, TypeError, ValueError) as error:
        # Postgres refuses the row, or Django does before it; what else fails is no row's fault, and they all stay.
        if len(rows) == 1:
            LEFT_OUT.labels("log").inc()
            logger.error("A record of the search log cannot be stored: %s", error)
            return
        half = len(rows) // 2
        write(rows[:half])
        write(rows[half:])


def _insert(rows: list[Row]) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        searches = [row for row in rows if isinstance(row, LoggedSearch)]
        events = [row for row in rows if isinstance(row, SearchEvent)]
        LoggedSearch.objects.bulk_create(searches, ignore_conflicts=True)
        SearchEvent.objects.bulk_create(events, ignore_conflicts=True)


def _row(record: bytes, earliest: datetime) -> Row | None:
    """Read a record; None where it is too old, or cannot be read: it must not hold up those behind it."""
    try:
        values = json.loads(record)
        row: Row = _search(values) if values["kind"] == SEARCH else _event(values)
        return row if row.at > earliest else None
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - what a foreign hand put there may fail in any way
        LEFT_OUT.labels("log").inc()
        logger.error("A record of the search log cannot be read: %r", error)
        return None


def _search(values: dict[str, Any]) -> LoggedSearch:
    text = _clean(values["text"])
    return LoggedSearch(
        id=UUID(values["id"]),
        at=_time(values["at"]),
        mode=LoggedSearch.Mode(values["mode"]),
        text=text,
        query=normalise(text),
        corrected=_clean(values["corrected"]),
        understood=values["understood"],
        total=int(values["total"]),
        matching=values["matching"],
        page=int(values["page"]),
        filters=values["filters"],
        degraded=_clean(values["degraded"]),
        took_ms=float(values["took_ms"]),
        stages={name: float(milliseconds) for name, milliseconds in values["stages"].items()},
        visit=values["visit"],
    )


def _event(values: dict[str, Any]) -> SearchEvent:
    return SearchEvent(
        search=UUID(values["search"]),
        type=SearchEvent.Type(values["type"]),
        sku=_clean(values["sku"]),
        position=values["position"],
        at=_time(values["at"]),
    )


def normalise(text: str) -> str:
    """Return the text as queries are counted: in small letters, with single spaces."""
    return " ".join(text.casefold().split())


def _clean(text: str) -> str:
    return storable(text)[:MAX_TEXT]


def _time(text: str) -> datetime:
    time = parse_datetime(text)
    if time is None:
        raise ValueError(f"{text!r} is no time")
    return time


# Days of the shop's own time zone, as ranges of time.


def starts(day: date) -> datetime:
    """Return the first moment of the day."""
    return timezone.make_aware(datetime.combine(day, time.min))


def ends(day: date) -> datetime:
    """Return the first moment after the day."""
    return starts(day + timedelta(days=1))


def day_of(moment: datetime) -> date:
    """Return the day that a moment belongs to."""
    return timezone.localtime(moment).date()


# The SQL that counts the search log by days, one statement per daily table, and that deletes what is over.


# Where nobody could look, a degraded search without `matching`, nobody knows whether it would have found something.
# Events are counted for the day of their search, though a click after midnight is of the day after.
_LOGGED = """
WITH logged AS (
    SELECT *, page = 1 AS is_search,
        page = 1 AND filters = '{}'::jsonb AND total = 0 AND (degraded = '' OR matching IS NOT NULL) AS is_zero,
        page = 1 AND filters = '{}'::jsonb AND total > 0 AND coalesce(matching = 0, false) AS is_close
    FROM fashion_search_loggedsearch WHERE at >= %(start)s AND at < %(end)s
), acted AS (
    SELECT search,
        count(*) FILTER (WHERE type = 'click') AS clicks,
        count(*) FILTER (WHERE type = 'add_to_cart') AS carts,
        count(position) FILTER (WHERE type = 'click') AS placed,
        sum(position) FILTER (WHERE type = 'click') AS positions
    FROM fashion_search_searchevent WHERE search IN (SELECT id FROM logged) GROUP BY search
), joined AS (
    SELECT logged.*, coalesce(clicks, 0) AS clicks, coalesce(carts, 0) AS carts,
        coalesce(placed, 0) AS placed, coalesce(positions, 0) AS positions
    FROM logged LEFT JOIN acted ON acted.search = logged.id
)
"""

SEARCH_DAYS = (
    _LOGGED
    + """
INSERT INTO fashion_search_searchday (day, mode, searches, pages, visits, zero, clicked, clicks, carts, degraded,
    p50_ms, p95_ms, p99_ms, rolled_at, closed)
SELECT %(day)s, CASE WHEN grouping(mode) = 1 THEN '' ELSE mode END,
    count(*) FILTER (WHERE is_search), count(*), count(DISTINCT visit) FILTER (WHERE visit <> ''),
    count(*) FILTER (WHERE is_zero), count(*) FILTER (WHERE is_search AND clicks > 0), sum(clicks), sum(carts),
    count(*) FILTER (WHERE degraded <> ''),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY took_ms),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY took_ms),
    percentile_cont(0.99) WITHIN GROUP (ORDER BY took_ms),
    %(now)s, %(closed)s
FROM joined GROUP BY GROUPING SETS ((mode), ()) HAVING count(*) > 0
"""
)

STAGE_DAYS = (
    _LOGGED
    + """
INSERT INTO fashion_search_stageday (day, stage, samples, p50_ms, p95_ms, p99_ms)
SELECT %(day)s, stage.key, count(*),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY stage.value::float8),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY stage.value::float8),
    percentile_cont(0.99) WITHIN GROUP (ORDER BY stage.value::float8)
FROM joined CROSS JOIN LATERAL jsonb_each_text(stages) AS stage GROUP BY stage.key
"""
)

QUERY_DAYS = (
    _LOGGED
    + """
INSERT INTO fashion_search_queryday (day, query, text, corrected, searches, visits, zero, close, clicked, clicks, placed,
    positions, total)
SELECT %(day)s, query, mode() WITHIN GROUP (ORDER BY text), (array_agg(corrected ORDER BY at DESC))[1],
    count(*) FILTER (WHERE is_search),
    count(DISTINCT visit) FILTER (WHERE visit <> '')
        + count(*) FILTER (WHERE is_search AND visit = '' AND filters = '{}'::jsonb),
    count(*) FILTER (WHERE is_zero), count(*) FILTER (WHERE is_close),
    count(*) FILTER (WHERE is_search AND clicks > 0), sum(clicks), sum(placed), sum(positions),
    coalesce((array_agg(total ORDER BY at DESC) FILTER (WHERE filters = '{}'::jsonb))[1],
        (array_agg(total ORDER BY at DESC))[1])
FROM joined WHERE mode = 'text' AND query <> '' GROUP BY query
"""
)

POPULAR = """
INSERT INTO fashion_search_popularquery (query, text, searches, clicked)
SELECT query, (array_agg(text ORDER BY day DESC))[1], sum(searches), sum(clicked)
FROM fashion_search_queryday WHERE day >= %(first)s
GROUP BY query
HAVING sum(visits) >= %(minimum)s AND (array_agg(total ORDER BY day DESC))[1] > 0
ORDER BY sum(searches) DESC, query LIMIT %(limit)s
"""

# Deleted by statements: Django's `delete()` reads every row into memory where any receiver listens to `post_delete`.
DELETE_SEARCHES = "DELETE FROM fashion_search_loggedsearch WHERE at >= %(start)s AND at < %(end)s"
DELETE_EVENTS = "DELETE FROM fashion_search_searchevent WHERE at < %(before)s"
DELETE_POPULAR = "DELETE FROM fashion_search_popularquery"
_DAILY = ("searchday", "stageday", "queryday")
DELETE_DAY = tuple(f"DELETE FROM fashion_search_{table} WHERE day = %(day)s" for table in _DAILY)  # noqa: S608
DELETE_DAYS = tuple(f"DELETE FROM fashion_search_{table} WHERE day < %(before)s" for table in _DAILY)  # noqa: S608


# Count the search log by days, and delete single searches when their time is over.
#
# A day is counted anew,
# in one transaction, until a day has passed since its end: clicks come after searches, and records may wait
# in Redis for a worker. So counting twice changes nothing. When its searches are deleted the day is closed,
# in the same transaction, and never counted again.


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
            _run([DELETE_EVENTS], before=starts(first_kept))
            _run(DELETE_DAYS, before=today - timedelta(days=settings.insight_total_days))
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
        _run([DELETE_SEARCHES], start=starts(day), end=ends(day))


def _count(day: date, now: datetime, *, closed: bool) -> None:
    counting = (SEARCH_DAYS, STAGE_DAYS, QUERY_DAYS)
    _run(DELETE_DAY, day=day)
    _run(counting, day=day, start=starts(day), end=ends(day), now=now, closed=closed)


def _refresh_popular(today: date) -> None:
    first = today - timedelta(days=POPULAR_DAYS)
    with transaction.atomic():
        _run([DELETE_POPULAR])
        _run([POPULAR], first=first, minimum=get_settings().popular_minimum, limit=POPULAR_QUERIES)


def _run(sql: Iterable[str], **values: Any) -> None:
    with connection.cursor() as cursor:
        for statement in sql:
            cursor.execute(statement, values)
