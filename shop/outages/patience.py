"""Give up on a Postgres that has frozen: its connections stay open, and a page would wait for it without end.

Timeouts of statements are the server's own, so that a server which is stopped, or whose disk hangs, keeps none of them. Here
the shop's side looks: a request whose connection has been busy at every look for too long loses the connection, which ends its wait with an OperationalError.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest, HttpResponseBase
from psycopg.pq import TransactionStatus

LOOKS_PER_SECOND = 2
log = logging.getLogger(__name__)


class DatabasePatience:
    """Middleware: while it handles a request, the thread waits for Postgres for DATABASE_PATIENCE seconds at most."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.DATABASE_PATIENCE:
            raise MiddlewareNotUsed
        self._get_response = get_response
        self._watch = Watch(settings.DATABASE_PATIENCE)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle the request while the connection is watched."""
        with self._watch.over(connections[DEFAULT_DB_ALIAS]):
            return self._get_response(request)


class Watch:
    """One thread per process that looks at the connections of the requests being handled."""

    def __init__(self, seconds: float) -> None:
        self._looks = max(1, round(seconds * LOOKS_PER_SECOND))
        self._lock = threading.Lock()
        self._busy: dict[
            Any, int
        ] = {}  # Django's connection -> looks at which it was busy, one after the other
        self._process = 0
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, connection: Any) -> Iterator[None]:
        """Watch a Django connection, which belongs to this thread."""
        with self._lock:
            # Threads do not survive a fork, and one that has ended would let every page wait without end.
            if self._process != os.getpid() or self._thread is None or not self._thread.is_alive():
                self._process = os.getpid()
                self._thread = threading.Thread(target=self._run, name="database-patience", daemon=True)
                self._thread.start()
            self._busy[connection] = 0
        try:
            yield
        finally:
            with self._lock:
                self._busy.pop(connection, None)

    def _run(self) -> None:
        while True:
            time.sleep(1 / LOOKS_PER_SECOND)
            with self._lock:
                for connection in self._busy:
                    try:
                        self._look(connection)
                    except Exception:
                        log.exception("A connection cannot be watched; the others are.")

    def _look(self, connection: Any) -> None:
        wrapped = connection.connection
        with suppress(psycopg.Error, OSError):  # closed at this very moment, by the thread that owns it
            busy = wrapped is not None and wrapped.pgconn.transaction_status == TransactionStatus.ACTIVE
            self._busy[connection] = self._busy[connection] + 1 if busy else 0
            if self._busy[connection] >= self._looks:
                self._busy[connection] = 0
                log.error("Postgres has not answered for %.1f s: giving up", self._looks / LOOKS_PER_SECOND)
                _cut(wrapped.pgconn.socket)


def _cut(descriptor: int) -> None:
    """Shut a socket down, so that whoever waits on it goes on; the descriptor stays its owner's to close."""
    with socket.socket(fileno=os.dup(descriptor)) as one:
        one.shutdown(socket.SHUT_RDWR)
