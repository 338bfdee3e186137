"""Look at something that may have frozen, and stop waiting in time."""

from collections.abc import Callable
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

from django.db import connection

Seen = TypeVar("Seen")


class TooLate(Exception):  # noqa: N818 - says what is wrong without the suffix
    """Nothing was seen in time."""


class Look(Generic[Seen]):
    """One kind of look, by one thread at a time, whose outcome goes to all who ask meanwhile: a look that hangs does not become many."""

    def __init__(self, act: Callable[[], Seen], *, seconds: float) -> None:
        """Describe the look.

        Args:
            act: what to do, with a database connection of its own.
            seconds: that each caller waits for it.
        """
        self._act = act
        self._seconds = seconds
        self._lock = Lock()
        self._running: _Running[Seen] | None = None

    def take(self) -> Seen:
        """Return what was seen, by a look that has begun already or by a new one.

        Raises:
            TooLate: it took too long, or an earlier one still does.
            Exception: whatever the look raised.
        """
        with self._lock:
            running = self._running
            if running is None or not running.is_alive():
                self._running = running = _Running(self._act)
                running.start()
        if running.age() > self._seconds:  # others have waited for it in vain
            raise TooLate("An earlier look has not come back yet.")
        running.join(self._seconds)
        if running.error is not None:
            raise running.error
        if not running.seen:
            raise TooLate(f"No answer within {self._seconds:g} s.")
        return running.seen[0]


class _Running(Thread, Generic[Seen]):
    def __init__(self, act: Callable[[], Seen]) -> None:
        super().__init__(name="fashion-search-look", daemon=True)
        self._act = act
        self._began = monotonic()
        self.seen: list[Seen] = []  # what it saw, once it has seen it
        self.error: Exception | None = None

    def age(self) -> float:
        """Return the seconds since it began."""
        return monotonic() - self._began

    def run(self) -> None:
        """Look, and leave the outcome to whoever waits."""
        try:
            self.seen.append(self._act())
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self.error = error
        finally:
            connection.close()
