"""Write what web processes noted to Postgres, in batches; a batch that is written twice stays one."""

import json
import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ..conf import get_settings
from ..models import LoggedSearch, SearchEvent
from ..prometheus import LEFT_OUT
from . import store
from .recording import SEARCH

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
    if not get_settings().insight and not store.address():
        return 0  # nothing is logged, and there is no Redis that could hold anything of former days
    taken = 0
    for _ in range(batches):
        waiting = store.oldest(BATCH)
        if waiting:
            earliest = timezone.now() - timedelta(days=get_settings().insight_days)
            write([row for record in waiting if (row := _row(record, earliest))])
            store.drop(len(waiting))  # after the commit: a worker killed before it writes the same rows again
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
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")[:MAX_TEXT]


def _time(text: str) -> datetime:
    time = parse_datetime(text)
    if time is None:
        raise ValueError(f"{text!r} is no time")
    return time
