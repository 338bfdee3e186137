"""Text searches inside Django and over HTTP: how long they take, and how large the web process grows."""

import http.client
import time
from dataclasses import dataclass
from urllib.parse import quote

import psutil

from shop.local.machine import LocalError

from .setting import Setting

WARM_UP = 20  # searches that load encoders, connections and caches, and are not counted
MEMORY_AFTER = 1000  # searches


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that half of the searches, and all but one in a hundred, took at most."""

    p50_ms: float
    p99_ms: float
    searches: int


@dataclass(frozen=True, slots=True)
class WebFigures:
    """One web process."""

    start_seconds: float
    http: Latency
    megabytes_after_1000_searches: float
    imports_tensorflow: bool


def measure_in_django(queries: list[str]) -> Latency:
    """Time `search()` with facets, as the search page calls it; every query is asked once."""
    import django

    django.setup()
    from search.searching import search

    for query in queries[:WARM_UP]:
        search(query)
    return _latency(lambda query: search(query), queries[WARM_UP:])


def measure_web(setting: Setting, queries: list[str]) -> WebFigures:
    """Time the start of gunicorn up to its first answer, then searches one after the other over HTTP."""
    began = time.monotonic()
    web, port = setting.start_web()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while not _get(connection, "/api/v1/search/?page_size=1"):
        if not web.running or time.monotonic() - began > 60:
            raise LocalError(f"The web server does not answer:\n{web.tail()}")
        time.sleep(0.02)
    start_seconds = time.monotonic() - began

    def ask(query: str) -> None:
        if not _get(connection, f"/api/v1/search/?q={quote(query)}"):
            raise LocalError(f"The search for {query!r} failed:\n{web.tail()}")

    for query in queries[:WARM_UP]:
        ask(query)
    latency = _latency(ask, queries[WARM_UP:])
    for number in range(max(0, MEMORY_AFTER - len(queries))):
        ask(queries[number % len(queries)])
    (process,) = psutil.Process(web.pid).children()
    return WebFigures(
        start_seconds,
        latency,
        process.memory_info().rss / 1e6,
        any("tensorflow" in mapped.path for mapped in process.memory_maps()),
    )


def _get(connection: http.client.HTTPConnection, address: str) -> bool:
    try:
        connection.request("GET", address)
        response = connection.getresponse()
        response.read()
    except OSError:
        connection.close()
        return False
    return response.status == 200


def _latency(ask, queries: list[str]) -> Latency:
    times = []
    for query in queries:
        began = time.perf_counter()
        ask(query)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return Latency(times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))], len(times))
