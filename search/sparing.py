"""Warnings about many products in few lines: each kind is said at once, and then once in a while with a count."""

import logging
from collections.abc import Hashable
from threading import Lock
from time import monotonic

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
