"""The search log between web processes and Postgres: a list in Redis, which a worker writes down in batches."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ..conf import get_settings, shop_key
from ..models import Device, LoggedSearch, SearchEvent
from ..models.insight import normalise
from ..prometheus import LEFT_OUT
from ..redis_clients import SCHEMES, client_of, of_broker
from ..text import storable

logger = logging.getLogger(__name__)

SEARCH, EVENT = "search", "event"  # kinds of records
FORMER_LIST = "fashion_search:log"  # the list of every shop, before each had its own
LONGEST = 100_000  # records that wait at most, about 60 MB; newer ones are dropped while no worker drains
TIMEOUT_SECONDS = 1.0
MOVED_AT_ONCE = 1000
# In one step, so that two who move the same list move each record once.
MOVE = """
local records = redis.call('LRANGE', KEYS[1], 0, ARGV[1] - 1)
if #records > 0 then
  redis.call('RPUSH', KEYS[2], unpack(records))
  redis.call('LTRIM', KEYS[1], #records, -1)
end
return #records
"""
# Only what the caller has read: an answer that is late makes him ask again, and a bare LTRIM would then run twice.
DROP = """
if redis.call('LINDEX', KEYS[1], 0) == ARGV[1] and redis.call('LINDEX', KEYS[1], ARGV[3] - 1) == ARGV[2] then
  redis.call('LTRIM', KEYS[1], ARGV[3], -1)
  return 1
end
return 0
"""
BATCH = 1000
MAX_TEXT = 200  # characters of a text
LOCK_TIMEOUT = "2s"  # a locked table is tried again by the next run; until then records wait in Redis

Row = LoggedSearch | SearchEvent


def address() -> str:
    """Return the address of the log's Redis, or "" where neither the setting nor the broker names one."""
    given = get_settings().insight_redis_url
    if not given:
        broker = str(current_app.conf.broker_write_url or current_app.conf.broker_url or "")
        return of_broker(broker, current_app.conf.broker_transport_options or {})
    return given if given.startswith(SCHEMES) else ""


def connect(timeout: float = TIMEOUT_SECONDS) -> Redis:
    """Return this process's client of the log's Redis.

    Args:
        timeout: seconds that connecting and each answer may take.

    Raises:
        ConnectionError: no Redis is named.
    """
    url = address()
    if not url:
        raise ConnectionError("no Redis is named: set INSIGHT_REDIS_URL")
    return _client(url, timeout)


def list_name() -> str:
    """Return the name of this shop's list."""
    return shop_key("log")


def has_room(count: int) -> bool:
    """Return whether as many records may still be appended.

    Raises:
        redis.RedisError: Redis did not answer.
    """
    waiting = int(connect().llen(list_name()))
    if waiting + count <= LONGEST:
        return True
    logger.warning("%d records of the search log wait for a worker; %d more are dropped.", waiting, count)
    return False


def append(lines: Sequence[str]) -> None:
    """Append records.

    Raises:
        redis.RedisError: Redis did not take them.
    """
    connect().rpush(list_name(), *lines)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The records that wait in Redis for a worker."""

    number: int
    oldest_seconds: float  # since the oldest was noted; 0 where none waits or its time cannot be read


def measure_waiting(timeout: float = TIMEOUT_SECONDS) -> Waiting:
    """Return how many records wait for a worker, and for how long the oldest has.

    Args:
        timeout: seconds that connecting and each of two answers may take.

    Raises:
        redis.RedisError: Redis did not answer.
        ConnectionError: no Redis is named.
    """
    client = connect(timeout)
    number, first = int(client.llen(list_name())), client.lindex(list_name(), 0)
    return Waiting(number, _age(first) if first else 0.0)  # type: ignore[arg-type]


def oldest(limit: int) -> list[bytes]:
    """Return up to `limit` records, the oldest first; they stay until they are dropped."""
    return list(connect().lrange(list_name(), 0, limit - 1))  # type: ignore[arg-type]


def drop(lines: Sequence[bytes]) -> bool:
    """Remove the oldest records, which `oldest` has returned; False where others stand there, which all stay."""
    if not lines:
        return True
    return bool(connect().eval(DROP, 1, list_name(), lines[0], lines[-1], len(lines)))


def take_over(former: Sequence[str]) -> int:
    """Move to this shop's list what waits in lists that it had before; return how many records that were.

    Raises:
        redis.RedisError: Redis did not answer.
    """
    client, moved = connect(), 0
    for name in former:
        while taken := int(client.eval(MOVE, 2, name, list_name(), MOVED_AT_ONCE)):
            moved += taken
    return moved


def waiting_in(name: str) -> int:
    """Return how many records wait in a list."""
    return int(connect().llen(name))


def _age(line: bytes) -> float:
    try:
        noted = parse_datetime(json.loads(line)["at"])
    except (ValueError, KeyError, TypeError):
        return 0.0
    return max(0.0, (timezone.now() - noted).total_seconds()) if noted else 0.0


@lru_cache(maxsize=4)
def _client(url: str, timeout: float) -> Redis:
    options: dict[str, Any] = {"socket_timeout": timeout}
    if not url.startswith("unix://"):
        options["socket_connect_timeout"] = timeout
    # One try: callers decide whether to ask again, and three tries would take three timeouts.
    return client_of(url, retry=Retry(NoBackoff(), 0), **options)


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
    if not get_settings().insight and not address():
        return 0  # nothing is logged, and there is no Redis that could hold anything of former days
    taken = 0
    for _ in range(batches):
        waiting = oldest(BATCH)
        if waiting:
            earliest = timezone.now() - timedelta(days=get_settings().insight_days)
            store([row for record in waiting if (row := _row(record, earliest))])
            # After the commit: where a worker is killed before this, another one writes the same rows again.
            drop(waiting)
        taken += len(waiting)
        if len(waiting) < BATCH:
            break
    return taken


def store(rows: list[Row]) -> None:
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
        store(rows[:half])
        store(rows[half:])


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
    except Exception as error:  # noqa: BLE001 - what others put into the list may fail in any way
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
        before=values.get("before"),  # the release before notes none of these
        shown=values.get("shown"),
        device=Device(values.get("device", "")),
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


def _clean(text: str) -> str:
    return storable(text)[:MAX_TEXT]


def _time(text: str) -> datetime:
    time = parse_datetime(text)
    if time is None:
        raise ValueError(f"{text!r} is no time")
    return time
