"""Photos to search with are taken one after the other, with rests between them, so that searches stay quick whatever is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from time import monotonic, sleep

from django.http import HttpRequest
from django.urls import reverse

ADDRESSES = ("shop:photo", "fashion_search:photo", "fashion_search:tags")
REST = 2.0  # times as long as a photo took
LONGEST_REST = 1.0  # seconds


class NoTurn(Exception):  # noqa: N818 - says what is wrong without the suffix
    """It would have taken longer than somebody waits, or too many wait already."""


class PhotoTurns:
    """The turns of one process.

    After each photo there is a rest of twice as long as it took, so that photos have a third of a process's time at most, but those
    that take longest: with a process for each core, and without rests, four clients that send damaged photos without a pause made
    searches wait more than four times as long.

    Args:
        waiting: how many photos may wait for their turn.
    """

    def __init__(self, waiting: int) -> None:
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(1 + waiting)
        self._rested = 0.0  # the moment from which on the next one may be taken

    def needed(self, request: HttpRequest) -> bool:
        """Return whether the request brings a photo."""
        return request.method == "POST" and request.path_info in self._addresses

    @contextmanager
    def take(self, seconds: float) -> Iterator[None]:
        """Wait for the turn, and hold it meanwhile.

        Args:
            seconds: to wait at most.

        Raises:
            NoTurn: come again later.
        """
        if not self._places.acquire(blocking=False):
            raise NoTurn
        try:
            self._wait(monotonic() + seconds)
            began = monotonic()
            try:
                yield
            finally:
                ended = monotonic()
                self._rested = ended + min(REST * (ended - began), LONGEST_REST)
                self._turn.release()
        finally:
            self._places.release()

    def _wait(self, until: float) -> None:
        if not self._turn.acquire(timeout=max(0.0, until - monotonic())):
            raise NoTurn
        if self._rested > until:
            self._turn.release()
            raise NoTurn
        sleep(max(0.0, self._rested - monotonic()))

    @cached_property
    def _addresses(self) -> frozenset[str]:
        return frozenset(reverse(name) for name in ADDRESSES)
