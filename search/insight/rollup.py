"""Count the search log by days, and delete single searches when their time is over.

A day is counted anew, in one transaction, until a day has passed since its end: clicks come after searches, and records
may wait in Redis for a worker. So counting twice changes nothing. When its searches are deleted the day is closed, in the
same transaction, and never counted again.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from ..clock import first_moment, local_time
from ..conf import get_settings
from ..models import LoggedSearch, PopularQuery, SearchDay
from ..resilience import Attempts
from .block_list import block_list, shipped_list

logger = logging.getLogger(__name__)

EDITION = 1  # of the counts below; days that were counted otherwise are counted again while their searches are there
PLACES = 24  # of lists of results that are counted
GRACE = timedelta(days=1)  # after the end of a day, in which clicks of its searches are still counted
POPULAR_SINCE = 30  # days
POPULAR_QUERIES = 20_000

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
    p50_ms, p95_ms, p99_ms, rolled_at, closed, edition)
SELECT %(day)s, CASE WHEN grouping(mode) = 1 THEN '' ELSE mode END,
    count(*) FILTER (WHERE is_search), count(*), count(DISTINCT visit) FILTER (WHERE visit <> ''),
    count(*) FILTER (WHERE is_zero), count(*) FILTER (WHERE is_search AND clicks > 0), sum(clicks), sum(carts),
    count(*) FILTER (WHERE degraded <> ''),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY took_ms),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY took_ms),
    percentile_cont(0.99) WITHIN GROUP (ORDER BY took_ms),
    %(now)s, %(closed)s, %(edition)s
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
INSERT INTO fashion_search_queryday (day, query, text, corrected, searches, visits, zero, close, clicked, clickers, clicks,
    carted, carts, placed, positions, total)
SELECT %(day)s, query, mode() WITHIN GROUP (ORDER BY text), (array_agg(corrected ORDER BY at DESC))[1],
    count(*) FILTER (WHERE is_search),
    count(DISTINCT visit) FILTER (WHERE visit <> '')
        + count(*) FILTER (WHERE is_search AND visit = '' AND filters = '{}'::jsonb),
    count(*) FILTER (WHERE is_zero), count(*) FILTER (WHERE is_close),
    count(*) FILTER (WHERE is_search AND clicks > 0),
    count(DISTINCT visit) FILTER (WHERE visit <> '' AND clicks > 0)
        + count(*) FILTER (WHERE is_search AND visit = '' AND filters = '{}'::jsonb AND clicks > 0),
    sum(clicks), count(*) FILTER (WHERE is_search AND carts > 0), sum(carts), sum(placed), sum(positions),
    coalesce((array_agg(total ORDER BY at DESC) FILTER (WHERE filters = '{}'::jsonb))[1],
        (array_agg(total ORDER BY at DESC))[1])
FROM joined WHERE mode = 'text' AND query <> '' GROUP BY query
"""
)

DEVICE_DAYS = (
    _LOGGED
    + """
INSERT INTO fashion_search_deviceday (day, device, searches, zero, clicked, carted)
SELECT %(day)s, device, count(*) FILTER (WHERE is_search), count(*) FILTER (WHERE is_zero),
    count(*) FILTER (WHERE is_search AND clicks > 0), count(*) FILTER (WHERE is_search AND carts > 0)
FROM joined GROUP BY device HAVING count(*) FILTER (WHERE is_search) > 0
"""
)

# Pages of the release before do not say where they begin and end: with as many results as the setting says. An add on a
# product's own page has no position, but the click that led there has.
PLACE_DAYS = (
    _LOGGED  # noqa: S608 - a statement of this file
    + """, shown AS (
    SELECT coalesce(before, (page - 1)::bigint * %(page_size)s) AS before,
        coalesce(shown, least(%(page_size)s, total - (page - 1)::bigint * %(page_size)s)) AS shown, count(*) AS pages
    FROM logged GROUP BY 1, 2
), done AS (
    SELECT event.type, coalesce(event.position, click.position) AS place, count(*) AS times
    FROM fashion_search_searchevent AS event
    LEFT JOIN fashion_search_searchevent AS click
        ON click.search = event.search AND click.sku = event.sku AND click.type = 'click'
    WHERE event.search IN (SELECT id FROM logged) AND event.type IN ('click', 'add_to_cart') GROUP BY 1, 2
)
INSERT INTO fashion_search_placeday (day, place, shown, clicked, carted)
SELECT %(day)s, place,
    coalesce((SELECT sum(pages) FROM shown WHERE before < place AND place <= before + shown), 0),
    coalesce((SELECT sum(times) FROM done WHERE done.place = places.place AND type = 'click'), 0),
    coalesce((SELECT sum(times) FROM done WHERE done.place = places.place AND type = 'add_to_cart'), 0)
FROM generate_series(1, %(places)s) AS places (place)
"""
)

# A misspelt query counts for the one that was searched for instead.
POPULAR = """
WITH asked AS (
    SELECT *, CASE WHEN corrected = '' THEN query ELSE lower(corrected) END AS meant,
        CASE WHEN corrected = '' THEN text ELSE corrected END AS spelt
    FROM fashion_search_queryday WHERE day >= %(first)s
)
SELECT meant, (array_agg(spelt ORDER BY day DESC, searches DESC))[1], sum(searches), sum(clicked)
FROM asked GROUP BY meant
HAVING sum(clickers) >= %(minimum)s AND count(DISTINCT day) FILTER (WHERE clickers > 0) >= %(days)s
    AND (array_agg(total ORDER BY day DESC))[1] > 0
ORDER BY sum(clicked) DESC, meant LIMIT %(limit)s
"""

# Deleted by statements: Django's `delete()` reads every row into memory where any receiver listens to `post_delete`.
DELETE_SEARCHES = "DELETE FROM fashion_search_loggedsearch WHERE at >= %(start)s AND at < %(end)s"
DELETE_EVENTS = "DELETE FROM fashion_search_searchevent WHERE at < %(before)s"
DELETE_POPULAR = "DELETE FROM fashion_search_popularquery"
_DAILY = ("searchday", "stageday", "queryday", "deviceday", "placeday")
DELETE_DAY = tuple(f"DELETE FROM fashion_search_{table} WHERE day = %(day)s" for table in _DAILY)  # noqa: S608
DELETE_DAYS = tuple(f"DELETE FROM fashion_search_{table} WHERE day < %(before)s" for table in _DAILY)  # noqa: S608


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
    return SearchDay.objects.filter(
        day=day, mode="", rolled_at__gte=ends(day) + GRACE, edition=EDITION
    ).exists()


def _close(day: date, now: datetime) -> None:
    with transaction.atomic():
        if not SearchDay.objects.filter(
            day=day, closed=True
        ).exists():  # else these came too late to be counted
            _count(day, now, closed=True)
        _run([DELETE_SEARCHES], start=starts(day), end=ends(day))


def _count(day: date, now: datetime, *, closed: bool) -> None:
    counting = (SEARCH_DAYS, STAGE_DAYS, QUERY_DAYS, DEVICE_DAYS, PLACE_DAYS)
    _run(DELETE_DAY, day=day)
    _run(
        counting,
        day=day,
        start=starts(day),
        end=ends(day),
        now=now,
        closed=closed,
        edition=EDITION,
        places=PLACES,
        page_size=get_settings().page_size,
    )


def _refresh_popular(today: date) -> None:
    """Make the popular queries anew; while the shop's own block list cannot be read, none that was not popular before is added."""
    settings, known = get_settings(), None
    try:
        blocked = block_list()
    except (OSError, ValueError) as error:
        logger.error("BLOCKED_QUERIES cannot be read, so no query becomes popular: %s", error)
        blocked, known = shipped_list(), set(PopularQuery.objects.values_list("query", flat=True))
    values: dict[str, Any] = {
        "first": today - timedelta(days=POPULAR_SINCE),
        "minimum": settings.popular_minimum,
        "days": settings.popular_days,
        "limit": POPULAR_QUERIES,
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(POPULAR, values)
            found = [PopularQuery(query=q, text=t, searches=s, clicked=c) for q, t, s, c in cursor.fetchall()]
        _run([DELETE_POPULAR])
        PopularQuery.objects.bulk_create(
            one for one in found if (known is None or one.query in known) and not blocked.blocks(one.text)
        )


def _run(sql: Iterable[str], **values: Any) -> None:
    with connection.cursor() as cursor:
        for statement in sql:
            cursor.execute(statement, values)


# Days are those of the shop's own time zone.


def starts(day: date) -> datetime:
    """Return the first moment of the day."""
    return first_moment(day)


def ends(day: date) -> datetime:
    """Return the first moment after the day."""
    return starts(day + timedelta(days=1))


def day_of(moment: datetime) -> date:
    """Return the day that a moment belongs to."""
    return local_time(moment).date()
