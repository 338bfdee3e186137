"""Takes out of a query what people paste by mistake: addresses of mail, and long numbers."""

import hashlib
import hmac
import json
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from celery import current_app
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from ..conf import get_settings
from ..namespace import shop_key
from ..prometheus import LEFT_OUT

_MAIL = re.compile(r"\S+@\S+\.\w+")
_NUMBER = re.compile(r"\+?\d(?:[ ./-]?\d){8,}")  # nine digits and more: telephones, cards, accounts


def redact(text: str) -> str:
    """Return the text with mail addresses and numbers of nine digits or more replaced by what they were."""
    return _NUMBER.sub("[number]", _MAIL.sub("[email]", text))


def redact_all(value: Any) -> Any:
    """Return lists and mappings with every text in them redacted, and everything else as it is."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: redact_all(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [redact_all(each) for each in value]
    return value


# Tell the searches of one visit from those of another, without being able to tell whose visit it was.
#
# A
# visit is known by a cookie that the shop sets anyway. The log holds its HMAC with a random key of the day.
# The key exists in Redis only and expires with its day; from then on nobody can compute the hash of a
# cookie any more, so that neither can a cookie be found in the log, nor the visits of two days be joined.


KEY_BYTES = 32
_CRAWLER = re.compile(r"bot\b|crawl|spider|slurp|preview|monitor|headless|lighthouse", re.IGNORECASE)


def visitor_of(request: HttpRequest) -> str | None:
    """Return what stands for a visit until it is hashed: the cookie, "" without one.

    Returns:
        None for a request that no person is behind, such as a crawler's or a prefetch; those are not logged.
    """
    headers = request.headers
    if "prefetch" in headers.get("Sec-Purpose", "") or "prefetch" in headers.get("Purpose", ""):
        return None
    if _CRAWLER.search(headers.get("User-Agent", "")):
        return None
    return request.COOKIES.get(get_settings().insight_cookie or settings.SESSION_COOKIE_NAME, "")


def hash_visitor(client: Redis, visitor: str) -> str:
    """Return 16 hex digits that are the same for a visitor's searches of one day; "" without a cookie."""
    if not visitor:
        return ""
    secret = _key_of(client, timezone.localtime())
    return hmac.new(secret, visitor.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def _key_of(client: Redis, now: datetime) -> bytes:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    name = shop_key(f"visit_key:{now:%Y-%m-%d}")
    seconds_left = max(1, int((midnight - now).total_seconds()))
    client.set(name, secrets.token_bytes(KEY_BYTES), nx=True, ex=seconds_left)
    kept: bytes | None = client.get(name)  # type: ignore[assignment]
    return kept or secrets.token_bytes(KEY_BYTES)  # it expired this moment: a key that nobody has


# The Redis list between web processes, which append to it, and the worker that writes the log to Postgres.


logger = logging.getLogger(__name__)
Record = dict[str, Any]

FORMER_LIST = "fashion_search:log"  # what the list of every shop was called, once
LONGEST = 100_000  # records that wait at most, about 60 MB; newer ones are dropped while no worker drains
TIMEOUT_SECONDS = 1.0
TYPED = ("text", "corrected", "understood", "filters")  # parts of a record that people typed
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
SCHEMES = ("redis://", "rediss://", "unix://")


def address() -> str:
    """Return the address of the log's Redis, or "" where neither the setting nor the broker names one."""
    given = get_settings().insight_redis_url
    if not given:
        broker = str(current_app.conf.broker_write_url or current_app.conf.broker_url or "")
        given = broker.replace("redis+socket://", "unix://", 1)
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


def push(records: Sequence[Record]) -> None:
    """Append records, without what could tell who searched.

    Raises:
        redis.RedisError: Redis did not take them.
    """
    client = connect()
    waiting = int(client.llen(list_name()))
    if waiting + len(records) > LONGEST:
        logger.warning(
            "%d records of the search log wait for a worker; %d more are dropped.", waiting, len(records)
        )
        LEFT_OUT.labels("log").inc(len(records))
        return
    lines = [line for record in records if (line := _line(client, record)) is not None]
    if lines:
        client.rpush(list_name(), *lines)


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


def drop(count: int) -> None:
    """Remove the oldest `count` records."""
    connect().ltrim(list_name(), count, -1)


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


def _line(client: Redis, record: Record) -> str | None:
    """Return a record as the list holds it; None where it cannot be written, so that it does not hold up the others."""
    try:
        return json.dumps(_anonymous(client, record), default=str)
    except (RedisError, OSError):
        raise  # the same for all records: they are sent again
    except Exception as error:  # noqa: BLE001 - what a record may hold that JSON or the redaction refuses
        LEFT_OUT.labels("log").inc()
        logger.error("A record of the search log cannot be written and is dropped: %r", error)
        return None


def _age(line: bytes) -> float:
    try:
        noted = parse_datetime(json.loads(line)["at"])
    except (ValueError, KeyError, TypeError):
        return 0.0
    return max(0.0, (timezone.now() - noted).total_seconds()) if noted else 0.0


def _anonymous(client: Redis, record: Record) -> Record:
    cleaned = {name: redact_all(value) if name in TYPED else value for name, value in record.items()}
    if "visitor" in cleaned:
        cleaned["visit"] = hash_visitor(client, cleaned.pop("visitor"))
    return cleaned


@lru_cache(maxsize=4)
def _client(url: str, timeout: float) -> Redis:
    options: dict[str, Any] = {"socket_timeout": timeout}
    if not url.startswith("unix://"):
        options["socket_connect_timeout"] = timeout
    # One try: who asks again after a failure is told by its caller, and three tries would take three timeouts.
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), **options)
