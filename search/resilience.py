"""Do several things of which none may stop the others, and fail at the end where one of them failed."""

import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Self

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection

from .exceptions import LockLost

logger = logging.getLogger(__name__)

Note = Callable[[str], None]
KEPT = 100  # errors; of more, each is logged and the first ones are raised


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
            note: is told the error where it failed, to keep it where people look.

        Raises:
            Exception: it failed because the time of the whole task is up, its lock was lost or the database is gone,
                which no other thing would survive.
        """
        try:
            yield
        except (SoftTimeLimitExceeded, LockLost):
            raise
        except Exception as error:
            if isinstance(error, OperationalError | InterfaceError) and not connection.is_usable():
                raise
            error.add_note(f"{self.what}: {what}")
            logger.exception("%s: %s failed.", self.what, what)
            if len(self.errors) < KEPT:
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


# Warnings about many products in few lines: each kind is said at once, and then once in a while with a
# count.


SECONDS = 600.0  # between two lines of one kind
KINDS = 100  # of which a process keeps account; all others count as one more


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
            if kind not in self._said and len(self._said) >= KINDS:
                kind = None
            said, kept_back = self._said.get(kind, (None, 0))
            if said is not None and now - said < SECONDS:
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
