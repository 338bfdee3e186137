"""Look at something that may have frozen, and stop waiting in time."""

from collections.abc import Callable
from threading import Lock, Thread
from typing import Any, Generic, TypeVar

from django.db import connection

Seen = TypeVar("Seen")


class TooLate(Exception):  # noqa: N818 - says what is wrong without the suffix
    """Nothing was seen in time."""


class Look(Generic[Seen]):
    """One kind of look, by one thread at a time: a look that hangs does not become many."""

    def __init__(self, act: Callable[[], Seen], *, seconds: float) -> None:
        """Describe the look.

        Args:
            act: what to do, with a database connection of its own.
            seconds: to wait for it.
        """
        self._act = act
        self._seconds = seconds
        self._lock = Lock()
        self._thread: Thread | None = None

    def take(self) -> Seen:
        """Return what was seen.

        Raises:
            TooLate: it took too long, or an earlier look still does.
            Exception: whatever the look raised.
        """
        outcome: dict[str, Any] = {}
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise TooLate("An earlier look has not come back yet.")
            self._thread = thread = Thread(target=self._run, args=(outcome,), daemon=True)
            thread.start()
        thread.join(self._seconds)
        if "error" in outcome:
            raise outcome["error"]
        if "seen" not in outcome:
            raise TooLate(f"No answer within {self._seconds:g} s.")
        seen: Seen = outcome["seen"]
        return seen

    def _run(self, outcome: dict[str, Any]) -> None:
        try:
            outcome["seen"] = self._act()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            outcome["error"] = error
        finally:
            connection.close()
