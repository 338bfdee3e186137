"""Shoppers who go on while faults happen: what they were answered."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import quote

from .shopper import PATIENCE_SECONDS, ask

QUERIES = ("red shirt", "blue dress", "sneekers", "black bag under 2000", "women", "kurta")
PAUSE_SECONDS = 0.05
SHOWN = 5  # complaints of one fault


@dataclass
class Seen:
    """What was answered during one fault."""

    statuses: Counter[str] = field(default_factory=Counter)
    degraded: int = 0
    wrong: list[str] = field(default_factory=list)  # 5xx that is no documented 503, silence, and refusals
    slowest: float = 0.0

    def complaints(self) -> list[str]:
        """Return what a shopper would complain of; it is one thing, too, if nothing was answered with results."""
        nothing = [] if self.statuses["200"] else ["no search was answered with results"]
        return [*nothing, *self.wrong[:SHOWN]]


class Traffic:
    """A thread that searches, by page and API, one request after the other."""

    def __init__(self, port: int, web_is_away: threading.Event) -> None:
        """Describe the thread.

        Args:
            port: of the shop.
            web_is_away: set while a fault itself starts the web process again, which a load balancer would hide.
        """
        self._port = port
        self._web_is_away = web_is_away
        self._stopped = threading.Event()
        self._awaited = threading.Event()
        self._lock = threading.Lock()
        self._seen = Seen()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopped.set()
        self._thread.join(PATIENCE_SECONDS)

    @property
    def goes_on(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def take(self) -> Seen:
        """Return what was seen since the last time."""
        with self._lock:
            seen, self._seen = self._seen, Seen()
        return seen

    def _run(self) -> None:
        number = 0
        while not self._stopped.wait(PAUSE_SECONDS):
            query = quote(QUERIES[number % len(QUERIES)])
            self._ask(f"/api/v1/search/?q={query}" if number % 2 else f"/search/?q={query}")
            number += 1

    def _ask(self, path: str) -> None:
        began, is_excused = time.monotonic(), self._web_is_away.is_set()
        try:
            answer = ask(self._port, path)
        except OSError as error:
            if isinstance(error, ConnectionRefusedError) and (is_excused or self._web_is_away.is_set()):
                return
            self._note("silence", time.monotonic() - began, f"{path}: {error}")
            return
        fine = answer.status == 200 or (answer.status == 503 and answer.retry_after)
        self._note(str(answer.status), time.monotonic() - began, "" if fine else f"{path}: {answer.status}")
        if path.startswith("/api") and answer.status == 200 and answer.json()["degraded"]:
            with self._lock:
                self._seen.degraded += 1

    def _note(self, status: str, seconds: float, wrong: str) -> None:
        with self._lock:
            self._seen.statuses[status] += 1
            self._seen.slowest = max(self._seen.slowest, seconds)
            if wrong:
                self._seen.wrong.append(wrong)
