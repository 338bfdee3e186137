"""The search log in web processes: noted in microseconds, handed on in batches, without what says who searched."""

import atexit
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any, Literal
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from ..clock import local_time
from ..conf import get_settings, shop_key
from ..prometheus import LEFT_OUT
from . import log_store
from .log_store import EVENT, SEARCH

logger = logging.getLogger(__name__)

Record = dict[str, Any]
Send = Callable[[list[Record]], None]
Mode = Literal["text", "photo", "similar", "category"]

SIZE = 5_000  # records that wait in a process at most, about 1 kB each
BATCH = 500  # records sent at once
GATHER_SECONDS = 0.2  # records of this time are sent together
RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # waits while the receiver is away
EXIT_SECONDS = 1.0  # that a process which ends may wait for its last records
TYPED = ("text", "corrected", "understood", "filters")  # parts of a record that people typed
KEY_BYTES = 32  # of the day's key

_MAIL = re.compile(r"\S+@\S+\.\w+")
_NUMBER = re.compile(r"\+?\d(?:[ ./-]?\d){8,}")  # nine digits and more: telephones, cards, accounts
_CRAWLER = re.compile(r"bot\b|crawl|spider|slurp|preview|monitor|headless|lighthouse", re.IGNORECASE)


def record_search(
    *,
    visitor: str | None,
    mode: Mode,
    total: int,
    took_ms: float,
    text: str = "",
    corrected: str = "",
    understood: Sequence[Any] = (),
    matching: int | None = None,
    page: int = 1,
    before: int | None = None,
    shown: int | None = None,
    device: str = "",
    filters: Mapping[str, Any] | None = None,
    degraded: str = "",
    stages: Mapping[str, float] | None = None,
) -> str:
    """Note one page of a search, after it was answered.

    Args:
        visitor: what `visitor_of` returns for the request; None for a search that is not to be logged.
        mode: what the search was made of.
        total: results on all pages.
        took_ms: milliseconds in all.
        text: as it was typed and cleaned.
        corrected: the spelling that was searched for instead, or "".
        understood: parts of the text that were known, as JSON takes them.
        matching: results with everything that the query asks for; None where all have it, or where it is unknown.
        page: number of the page.
        before: results on the pages before; None where it is unknown.
        shown: results on this page; None where it is unknown.
        device: a value of Device, which `device_of` returns for the request.
        filters: filters that the shopper had set; empty values are left out.
        degraded: why the answer was degraded, or "".
        stages: milliseconds of each stage.

    Returns:
        The search's id, which events name; "" where it is not logged.
    """
    if visitor is None or not get_settings().insight:
        return ""
    search = str(uuid4())
    buffer.put(
        {
            "kind": SEARCH,
            "id": search,
            "at": timezone.now(),
            "visitor": visitor,
            "mode": mode,
            "text": text,
            "corrected": corrected,
            "understood": list(understood),
            "total": total,
            "matching": matching,
            "page": page,
            "before": before,
            "shown": shown,
            "device": device,
            "filters": {
                name: value for name, value in (filters or {}).items() if value not in (None, "", (), {})
            },
            "degraded": degraded,
            "took_ms": took_ms,
            "stages": dict(stages or {}),
        }
    )
    return search


def record_event(*, search: UUID, type: str, sku: str, position: int | None = None) -> None:
    """Note what somebody did with a result.

    Args:
        search: id of the search that the result was found by.
        type: a value of SearchEvent.Type.
        sku: of the product.
        position: of the result, from 1, over all pages.
    """
    if get_settings().insight:
        record = {"search": str(search), "type": type, "sku": sku, "position": position}
        buffer.put({"kind": EVENT, "at": timezone.now(), **record})


def visitor_of(request: HttpRequest) -> str | None:
    """Return what stands for a visit until it is hashed: the cookie, "" without one.

    Returns:
        None for a request that no person made, such as a crawler's or a prefetch; those are not logged.
    """
    headers = request.headers
    if "prefetch" in headers.get("Sec-Purpose", "") or "prefetch" in headers.get("Purpose", ""):
        return None
    if _CRAWLER.search(headers.get("User-Agent", "")):
        return None
    return request.COOKIES.get(get_settings().insight_cookie or settings.SESSION_COOKIE_NAME, "")


class Buffer:
    """A bounded queue and the thread that empties it, which starts with the first record of each process.

    A request only puts its record into memory: it waits for no server, and nothing that goes wrong with the log reaches
    it. While the queue is full, because Redis has been away for long, records are dropped.

    Args:
        send: takes a batch; when it raises, the batch is sent again later.
        size: records that may wait.
    """

    def __init__(self, send: Send, *, size: int = SIZE) -> None:
        self._send = send
        self._size = size
        self._begin()
        os.register_at_fork(after_in_child=self._begin)  # a thread does not come along into a fork
        atexit.register(self.flush, EXIT_SECONDS)

    def put(self, record: Record) -> bool:
        """Take a record; False where the queue is full, and the record dropped."""
        if self._thread is None or not self._thread.is_alive():
            self._start()
        try:
            self._queue.put_nowait(record)
        except Full:
            self.dropped += 1
            LEFT_OUT.labels("log").inc()
            return False
        return True

    def flush(self, timeout: float) -> bool:
        """Wait until everything is sent, at most `timeout` seconds; False where something is left."""
        deadline = monotonic() + timeout
        while self._queue.unfinished_tasks:
            self._hurry.set()
            if monotonic() > deadline:
                return False
            sleep(0.005)
        return True

    def _begin(self) -> None:
        self._queue: Queue[Record] = Queue(maxsize=self._size)
        self._thread: Thread | None = None
        self._lock = Lock()
        self._hurry = Event()
        self.dropped = 0

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                if self._thread is not None:
                    logger.error("The thread that sends the search log had ended; another one goes on.")
                self._thread = Thread(target=self._run, name="search-log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [self._queue.get()]
            self._hurry.wait(GATHER_SECONDS)
            self._hurry.clear()
            try:
                while len(batch) < BATCH:
                    batch.append(self._queue.get_nowait())
            except Empty:
                pass
            self._send_until_taken(batch)
            for _ in batch:
                self._queue.task_done()

    def _send_until_taken(self, batch: list[Record]) -> None:
        failures = 0
        while True:
            try:
                self._send(batch)
            except Exception as error:  # noqa: BLE001 - whatever is wrong, searches go on and the thread lives
                wait = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
                if not failures:
                    logger.warning("The search log cannot be sent and waits in memory: %s", error)
                failures += 1
                self._hurry.wait(wait)
                self._hurry.clear()
            else:
                if failures or self.dropped:
                    logger.warning("The search log is sent again; %d records were dropped.", self.dropped)
                    self.dropped = 0
                return


def push(records: Sequence[Record]) -> None:
    """Append records to the list in Redis, without what could reveal who searched.

    Raises:
        redis.RedisError: Redis did not take them.
        ConnectionError: no Redis is named.
    """
    client = log_store.connect()
    if not log_store.has_room(len(records)):
        LEFT_OUT.labels("log").inc(len(records))
        return
    lines = [line for record in records if (line := _line(client, record)) is not None]
    if lines:
        log_store.append(lines)


buffer = Buffer(push)


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


def _anonymous(client: Redis, record: Record) -> Record:
    cleaned = {name: redact_all(value) if name in TYPED else value for name, value in record.items()}
    if "visitor" in cleaned:
        cleaned["visit"] = hash_visitor(client, cleaned.pop("visitor"))
    return cleaned


def redact(text: str) -> str:
    """Return the text with "[email]" for mail addresses and "[number]" for numbers of nine digits or more."""
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


# A visit is known by a cookie that the shop sets anyway. The log holds its HMAC with a random key of the day, which exists
# in Redis only and expires with its day. From then on nobody can compute the hash of a cookie any more: no cookie can be
# found in the log, and the visits of two days cannot be joined.


def hash_visitor(client: Redis, visitor: str) -> str:
    """Return 16 hex digits that are the same for a visitor's searches of one day; "" without a cookie."""
    if not visitor:
        return ""
    secret = _key_of(client, local_time())
    return hmac.new(secret, visitor.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def _key_of(client: Redis, now: datetime) -> bytes:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    name = shop_key(f"visit_key:{now:%Y-%m-%d}")
    seconds_left = max(1, int((midnight - now).total_seconds()))
    client.set(name, secrets.token_bytes(KEY_BYTES), nx=True, ex=seconds_left)
    kept: bytes | None = client.get(name)  # type: ignore[assignment]
    return kept or secrets.token_bytes(KEY_BYTES)  # it has just expired: a key that nobody has
