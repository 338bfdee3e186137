"""Requests to a shop, as shoppers' devices and its own monitoring send them, and shoppers who search on and on."""

import http.client
import io
import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote

PATIENCE_SECONDS = 20
METRICS_TOKEN = "figures-of-the-lab"
QUERIES = ("red shirt", "blue dress", "sneekers", "black bag under 2000", "women", "kurta")
PAUSE_SECONDS = 0.05  # between two requests of a shopper who searches on and on
SHOWN = 5  # complaints of one fault
_BOUNDARY = "a-photo-of-a-shopper"


class Answer(NamedTuple):
    """What came back."""

    status: int
    retry_after: str
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


def ask(port: int, path: str, *, photo: bytes | None = None, token: str = "") -> Answer:
    """Send a GET, or a POST with a photo.

    Args:
        port: of the shop, on this machine.
        path: with its query.
        photo: the bytes of a picture's file.
        token: that lets monitoring in.

    Raises:
        OSError: nobody answers.
    """
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if photo is not None:
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        request.data = head.encode() + photo + f"\r\n--{_BOUNDARY}--\r\n".encode()
        request.add_header("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            return Answer(response.status, "", response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers.get("Retry-After", ""), error.read())
    except urllib.error.URLError as error:
        raise (error.reason if isinstance(error.reason, OSError) else error) from error
    except http.client.HTTPException as error:  # cut off in the middle of an answer
        raise ConnectionError(str(error)) from error


def is_up(port: int) -> bool:
    """Whether the shop's front page is answered without an error."""
    try:
        return ask(port, "/").status < 500
    except OSError:
        return False


def read_metrics(port: int) -> dict[str, float]:
    """Return what Prometheus would read: name with labels -> value."""
    lines = ask(port, "/metrics", token=METRICS_TOKEN).body.decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def read_checks(port: int) -> dict[str, bool]:
    """Return the checks of `/health/ready`: name -> whether it passed."""
    return {check["name"]: check["passed"] for check in ask(port, "/health/ready").json()["checks"]}


def drawn_photo() -> bytes:
    """Return a small JPEG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (60, 80), (30, 60, 120)).save(buffer, "JPEG")
    return buffer.getvalue()


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
