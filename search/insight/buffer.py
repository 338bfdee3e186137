"""Takes records from requests in microseconds and hands them on from a thread of its own, in batches.

A request only puts its record into a queue in memory: it waits for no server, and nothing that goes wrong with
the log reaches it. A queue that is full, because Redis has been away for long, drops what comes next.
"""

import atexit
import logging
import os
from collections.abc import Callable
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from time import monotonic, sleep

from ..prometheus import LEFT_OUT
from .store import Record

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
