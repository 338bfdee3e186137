"""Note a search or what was done with its results; takes microseconds and never fails what calls it."""

import atexit
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any, Literal
from uuid import UUID, uuid4

from django.utils import timezone

from ..conf import get_settings
from ..prometheus import LEFT_OUT
from .log_store import Record, push

# Takes records from requests in microseconds and hands them on from a thread of its own, in batches.
#
# A
# request only puts its record into a queue in memory: it waits for no server, and nothing that goes wrong
# with the log reaches it. A queue that is full, because Redis has been away for long, drops what comes
# next.


logger = logging.getLogger(__name__)

Send = Callable[[list[Record]], None]

SIZE = 5_000  # records that wait in a process at most, about 1 kB each
BATCH = 500  # records sent at once
GATHER_SECONDS = 0.2  # records of this time are sent together
RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # waits while the receiver is away
EXIT_SECONDS = 1.0  # that a process which ends may wait for its last records


class Buffer:
    """A bounded queue and the thread that empties it, which starts with the first record of each process.

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


Mode = Literal["text", "photo", "similar", "category"]
SEARCH, EVENT = "search", "event"  # kinds of records
buffer = Buffer(push)


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
    filters: Mapping[str, Any] | None = None,
    degraded: str = "",
    stages: Mapping[str, float] | None = None,
) -> str:
    """Note one page of a search, after it was answered.

    Args:
        visitor: what `visitor_of` tells of the request; None for a search that shall not be logged.
        mode: what the search was made of.
        total: results on all pages.
        took_ms: milliseconds in all.
        text: as it was typed and cleaned.
        corrected: the spelling that was searched for instead, or "".
        understood: parts of the text that were known, as JSON takes them.
        matching: results that have all that was asked for; None where all have, or where nobody could look.
        page: number of the page.
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
