"""Keep the shop answering: while more requests come than it can handle, and while Postgres or the storage does not answer.

The web server has more threads than requests are handled at once. Some of the others wait here for a moment, where a wait can be
ended, and the rest is answered 503 at once, which costs next to nothing; so waits stay short.

Statement timeouts are kept by Postgres itself, and a server that is stopped, or whose disk hangs, keeps none of them. So the shop
watches its own side: a request whose connection has been busy for too long loses the connection, which ends its wait with an
OperationalError.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache, cached_property
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from prometheus_client import Counter
from psycopg.pq import TransactionStatus

from search.exceptions import StorageAway

# --- Answers ------------------------------------------------------------------------------------------------------

RETRY_AFTER = 5  # seconds
SENTENCE = gettext_noop("The shop is not available at the moment: try again in a few seconds.")
BUSY = gettext_noop("Too many people are in the shop at the moment: try again in a few seconds.")
STORAGE = gettext_noop("Pictures cannot be stored or read at the moment: try again in a few minutes.")
log = logging.getLogger(__name__)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer a request whose handling raised; Django calls it while the error is being handled."""
    error = sys.exception()
    if isinstance(error, StorageAway):
        log.error("The storage of the pictures did not answer %s: %s", request.path, error)
        return _later(request, "storage_away", STORAGE)
    if not isinstance(error, OperationalError | InterfaceError):
        return render(request, "500.html", status=500)
    log.error("Postgres did not answer %s", request.path)
    return _later(request, "unavailable", SENTENCE)


def busy(request: HttpRequest) -> HttpResponse:
    """Answer 503 to a request that there is no room for at the moment."""
    return _later(request, "busy", BUSY)


def _later(request: HttpRequest, code: str, sentence: str) -> HttpResponse:
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse({"error": {"code": code, "message": sentence}}, status=503)
    else:
        response = render(request, "503.html", {"sentence": gettext(sentence)}, status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response


# --- Turns --------------------------------------------------------------------------------------------------------

TURNED_AWAY = Counter(
    "shop_turned_away", "Requests that were answered 503 because too many others were being handled."
)

ALWAYS = ("/health/", "/metrics")  # monitoring must see a busy shop, too


class Shedding:
    """Middleware that handles WEB_CONCURRENT requests per process at once; WEB_WAITING more wait up to WEB_WAIT seconds, the rest get 503.

    Product pictures do not count. Photos to search with wait for their own turn first, at most half of WEB_WAITING of them, and hold no
    WEB_CONCURRENT place while they wait.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.WEB_CONCURRENT:
            raise MiddlewareNotUsed
        self._get_response = get_response
        self._free = threading.BoundedSemaphore(settings.WEB_CONCURRENT)
        self._photos = PhotoTurns(settings.WEB_WAITING // 2)
        self._places = threading.BoundedSemaphore(settings.WEB_CONCURRENT + settings.WEB_WAITING)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle the request as soon as there is a place for it, or answer 503."""
        # Pictures wait for a storage, which may have frozen, and have places of their own (`shop/views/media.py`).
        if request.path_info.startswith((*ALWAYS, settings.MEDIA_URL)):
            return self._get_response(request)
        if not self._places.acquire(blocking=False):
            return _turn_away(request)
        try:
            if not self._photos.needed(request):
                return self._handle_in_turn(request)
            with self._photos.take(settings.WEB_WAIT):
                return self._handle_in_turn(request)
        except NoTurn:
            return _turn_away(request)
        finally:
            self._places.release()

    def _handle_in_turn(self, request: HttpRequest) -> HttpResponseBase:
        if not self._free.acquire(timeout=settings.WEB_WAIT):
            return _turn_away(request)
        try:
            return self._get_response(request)
        finally:
            self._free.release()


def _turn_away(request: HttpRequest) -> HttpResponseBase:
    TURNED_AWAY.inc()
    return busy(request)


ADDRESSES = ("fashion_search_pages:photo", "fashion_search:photo", "fashion_search:tags")
REST = 2.0  # times as long as a photo took
LONGEST_REST = 1.0  # seconds


class NoTurn(Exception):  # noqa: N818 - says what is wrong without the suffix
    """The wait for a turn would be too long, or too many photos wait already."""


class PhotoTurns:
    """Lets one photo at a time through in a process, with a rest after each.

    The rest is twice as long as the photo took, up to LONGEST_REST, so that photos get about a third of a process's time at most. Without
    rests, four clients that sent damaged photos without a pause made searches more than four times as slow, with a process per core.

    Args:
        waiting: how many photos may wait for their turn.
    """

    def __init__(self, waiting: int) -> None:
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(1 + waiting)
        self._rested = 0.0  # when the rest ends, on the monotonic clock

    def needed(self, request: HttpRequest) -> bool:
        """Return whether the request brings a photo."""
        return request.method == "POST" and request.path_info in self._addresses

    @contextmanager
    def take(self, seconds: float) -> Iterator[None]:
        """Wait for the turn and hold it for the length of the block.

        Args:
            seconds: to wait at most.

        Raises:
            NoTurn: there is no turn in time.
        """
        if not self._places.acquire(blocking=False):
            raise NoTurn
        try:
            self._wait(time.monotonic() + seconds)
            began = time.monotonic()
            try:
                yield
            finally:
                ended = time.monotonic()
                self._rested = ended + min(REST * (ended - began), LONGEST_REST)
                self._turn.release()
        finally:
            self._places.release()

    def _wait(self, until: float) -> None:
        if not self._turn.acquire(timeout=max(0.0, until - time.monotonic())):
            raise NoTurn
        if self._rested > until:
            self._turn.release()
            raise NoTurn
        time.sleep(max(0.0, self._rested - time.monotonic()))

    @cached_property
    def _addresses(self) -> frozenset[str]:
        return frozenset(reverse(name) for name in ADDRESSES)


# --- Frozen Postgres ----------------------------------------------------------------------------------------------

LOOKS_PER_SECOND = 2


class DatabasePatience:
    """Middleware that gives up on Postgres when a request has waited for it for DATABASE_PATIENCE seconds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.DATABASE_PATIENCE:
            raise MiddlewareNotUsed
        self._get_response = get_response
        self._watch = watch_of(settings.DATABASE_PATIENCE)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle the request while the connection is watched."""
        with ExitStack() as stack:
            for alias in (DEFAULT_DB_ALIAS, *settings.REPLICAS):
                stack.enter_context(self._watch.over(connections[alias]))
            return self._get_response(request)


class Watch:
    """One thread that checks the connections of the requests being handled; a process has one, by `watch_of`."""

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


@cache
def watch_of(seconds: float) -> Watch:
    """Return this process's watch of so much patience, whatever number of handlers it has.

    With a thread for each handler, tests, which make thousands, would come to a stop: each thread waits for Python's lock
    twice a second.
    """
    return Watch(seconds)


def _cut(descriptor: int) -> None:
    """Shut a socket down, which ends every wait on it; its owner still closes the descriptor."""
    with socket.socket(fileno=os.dup(descriptor)) as one:
        one.shutdown(socket.SHUT_RDWR)
