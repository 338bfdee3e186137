"""What keeps one failure from becoming many: attempts, circuit breakers, polled caches, calls with a limit, and sparing warnings."""

import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from celery import current_app
from django.db import InterfaceError, OperationalError, connection, connections

from .exceptions import LockLost

logger = logging.getLogger(__name__)

Note = Callable[[str], None]
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Result = TypeVar("Result")

ERRORS_KEPT = 100  # of more, each is logged and the first ones are raised
WARNING_SECONDS = 600.0  # between two lines of one kind
WARNING_KINDS = 100  # of which a process keeps account; all others count as one more


class Attempts:
    """Collects the errors of things that are done one after the other.

    Each error is logged with what failed. The first one, or all of them as an `ExceptionGroup`, is raised at the end, so
    that a task whose tenth item fails has done the eleventh and is still seen to fail:

        with Attempts("Counting the search log") as attempts:
            for day in days:
                with attempts.at(f"day {day}"):
                    count(day)

    Args:
        what: all of it, in a few words.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.errors: list[Exception] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.raise_any()

    @contextmanager
    def at(self, what: str, note: Note | None = None) -> Iterator[None]:
        """Do one thing; its error is kept for the end.

        Args:
            what: the thing, in a few words, for the log.
            note: called with the error as one line, to keep it where people see it.

        Raises:
            Exception: it failed because the time of the whole task is up, its lock was lost or the database is gone,
                which no other thing would survive.
        """
        from celery.exceptions import SoftTimeLimitExceeded

        try:
            yield
        except (SoftTimeLimitExceeded, LockLost):
            raise
        except Exception as error:
            if isinstance(error, OperationalError | InterfaceError) and not connection.is_usable():
                raise
            error.add_note(f"{self.what}: {what}")
            logger.exception("%s: %s failed.", self.what, what)
            if len(self.errors) < ERRORS_KEPT:
                self.errors.append(error)
            if note:
                note(reason_of(error))

    def raise_any(self) -> None:
        """Fail if something has failed.

        Raises:
            Exception: the only error.
            ExceptionGroup: all of them.
        """
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise ExceptionGroup(f"{self.what}: {len(self.errors)} things failed", self.errors)


def reason_of(error: Exception) -> str:
    """Return an error as one line for people."""
    return f"{type(error).__name__}: {error}"


class CircuitBreaker:
    """Leaves a service alone for a while after it has failed, because each call may wait for its timeout.

    Args:
        seconds: that the service is left alone for.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._open_until = 0.0

    def is_open(self) -> bool:
        """Return whether the service failed a moment ago, and is not to be called."""
        return monotonic() < self._open_until

    def open(self) -> None:
        """Note a failure."""
        self._open_until = monotonic() + self.seconds

    def close(self) -> None:
        """Note that the service answers."""
        self._open_until = 0.0


class PolledCache(Generic[Key, Value]):
    """Values that a process keeps and compares with their source now and then, since other processes change it.

    While one thread compares or loads a value, threads that have an older one use that; others wait.

    Args:
        seconds: between two comparisons.
        most: keys that are kept; the oldest makes room for a new one.
    """

    def __init__(self, seconds: float, *, most: int = 1) -> None:
        self.seconds = seconds
        self._most = most
        self._lock = Lock()
        self._kept: dict[Key, tuple[Value, float]] = {}  # with the moment of the last comparison

    def get(self, key: Key, refresh: Callable[[Value | None], Value]) -> Value:
        """Return the value of a key, compared with its source at most `seconds` ago.

        Args:
            key: what the value is kept under.
            refresh: takes the value that is kept, or None, and returns it or the one that replaces it.

        Raises:
            Exception: whatever `refresh` raised; the next call tries again.
        """
        kept = self._kept.get(key)
        if kept is not None and self._is_fresh(kept):
            return kept[0]
        if not self._lock.acquire(blocking=kept is None) and kept is not None:
            return kept[0]
        try:
            kept = self._kept.get(key)
            if kept is None or not self._is_fresh(kept):
                kept = refresh(kept[0] if kept else None), monotonic()
                while key not in self._kept and len(self._kept) >= self._most:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = kept
            return kept[0]
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Forget every value."""
        self._kept.clear()

    def _is_fresh(self, kept: tuple[Value, float]) -> bool:
        return monotonic() - kept[1] < self.seconds


class TooLate(Exception):  # noqa: N818 - says what is wrong without the suffix
    """A call did not return in time."""


class BackgroundCall(Thread, Generic[Result]):
    """A call in a thread of its own, so that its caller can give up on one that has frozen.

    Args:
        act: what to call, with database connections of its own.
        name: of the thread.
    """

    def __init__(self, act: Callable[[], Result], *, name: str) -> None:
        super().__init__(name=f"fashion-search-{name}", daemon=True)  # no process waits for it at its end
        self._act = act
        self._began = monotonic()
        self._returned: list[Result] = []  # what the call returned, once it has
        self._error: Exception | None = None

    @property
    def age(self) -> float:
        """Seconds since the call was made."""
        return monotonic() - self._began

    def run(self) -> None:
        """Make the call, and keep its outcome."""
        try:
            self._returned.append(self._act())
        except Exception as error:  # noqa: BLE001 - handed to the waiting caller
            self._error = error
        finally:
            connections.close_all()

    def result(self, seconds: float) -> Result:
        """Wait for so many seconds at most, and return what the call returned.

        Raises:
            TooLate: it has not returned yet.
            Exception: whatever the call raised.
        """
        self.join(max(0.0, seconds))
        if self._error is not None:
            raise self._error
        if not self._returned:
            raise TooLate(f"No answer within {seconds:g} s.")
        return self._returned[0]


class SharedCall(Generic[Result]):
    """A call that is made once at a time, and whose outcome goes to all who ask meanwhile: one that hangs does not become many.

    Args:
        act: what to call, with database connections of its own.
        seconds: that each caller waits for it.
    """

    def __init__(self, act: Callable[[], Result], *, seconds: float) -> None:
        self._act = act
        self._seconds = seconds
        self._lock = Lock()
        self._running: BackgroundCall[Result] | None = None

    def result(self) -> Result:
        """Return the outcome of a call that is under way, or of a new one.

        Raises:
            TooLate: it took too long, or an earlier one still does.
            Exception: whatever the call raised.
        """
        with self._lock:
            running = self._running
            if running is None or not running.is_alive():
                self._running = running = BackgroundCall(self._act, name="shared-call")
                running.start()
        if running.age > self._seconds:  # others have waited for it in vain
            raise TooLate("An earlier call has not come back yet.")
        return running.result(self._seconds)


@contextmanager
def broker_connection(seconds: float = 1.0) -> Iterator[Any]:
    """Give a connection to the broker that gives up soon; the host's own settings may lack timeouts, and a frozen broker never answers.

    Args:
        seconds: that connecting, and each answer, may take.
    """
    limits = dict.fromkeys(("socket_timeout", "socket_connect_timeout", "connect_retries_timeout"), seconds)
    tries = {"retry_on_timeout": False, "max_retries": 0, "interval_start": 0}
    with current_app.connection_for_write(
        transport_options=limits | tries, connect_timeout=seconds
    ) as broker:
        yield broker


class SparingLogger:
    """Logs the first warning of each kind in a process, and one line in ten minutes for all that are like it.

    Args:
        logger: where the lines go.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._said: dict[Hashable, tuple[float, int]] = {}  # kind -> when, and how many were kept back since
        self._lock = Lock()

    def warning(self, kind: Hashable, message: str, *arguments: object) -> None:
        """Log a warning, unless one of its kind was logged a while ago; that one is counted instead.

        Args:
            kind: what the warnings of one kind have in common.
            message: as loggers take it.
            arguments: of the message.
        """
        now = monotonic()
        with self._lock:
            if kind not in self._said and len(self._said) >= WARNING_KINDS:
                kind = None
            said, kept_back = self._said.get(kind, (None, 0))
            if said is not None and now - said < WARNING_SECONDS:
                self._said[kind] = said, kept_back + 1
                return
            self._said[kind] = now, 0
        if kept_back:
            message += " (and %d more like it since the last such line)"
            arguments = (*arguments, kept_back)
        self._logger.warning(message, *arguments)

    def forget(self) -> None:
        """Forget what was said."""
        with self._lock:
            self._said.clear()
