"""How fast a shop indexes and searches: pictures a second, milliseconds of a search, and how large the web process grows."""

import gc
import http.client
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
import psutil

from lab.servers import Servers
from shop.local.machine import LocalError

WARM_UP = 20  # searches that load encoders, connections and caches, and are not counted
MEMORY_AFTER = 1000  # searches
ROUNDS = 5  # times that every text is asked, so that one search in a hundred is more than one or two
SHARES = (50, 95, 99)  # percentiles
WHOLE = "whole search"

Stages = dict[str, list[float]]  # stage -> its percentiles, in milliseconds


@dataclass(frozen=True, slots=True)
class IndexingFigures:
    """What one rebuild of the whole catalogue took and gave."""

    pictures: int
    seconds: float
    pictures_per_second: float
    ann_recall_at_24: float
    verified: bool


def measure_indexing(servers: Servers, pictures: int) -> IndexingFigures:
    """Rebuild the index of `pictures` pictures through Celery: decoding, encoding, writing, HNSW indexes, switch."""
    seconds = servers.index()
    recall = next(
        version["ann_recall"]
        for version in servers.index_status()["versions"]
        if version["state"] == "active"
    )
    servers.manage("search_index", "verify")  # fails unless everything holds
    return IndexingFigures(pictures, seconds, pictures / seconds, recall, verified=True)


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
    from search.engine import search

    for query in queries[:WARM_UP]:
        search(query)
    return _latency(search, queries[WARM_UP:])


def measure_web(servers: Servers, queries: list[str]) -> WebFigures:
    """Time the start of gunicorn up to its first answer, then searches one after the other over HTTP."""
    began = time.monotonic()
    web, port = servers.processes.web()
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


def _latency(ask: Callable[[str], object], queries: list[str]) -> Latency:
    times = []
    for query in queries:
        began = time.perf_counter()
        ask(query)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return Latency(times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))], len(times))


def measure_stages(texts: Sequence[str], *, rounds: int = ROUNDS) -> Stages:
    """Ask every text `rounds` times, with facets, as the search page does; return percentiles of each stage and the whole.

    No embedding of a query is kept from one round to the next, so that each search encodes its query.
    """
    from search.encoders.queries import _embed
    from search.engine import Trial, search

    for text in texts[:WARM_UP]:
        search(text, trial=Trial())
    gc.freeze()  # as the web process does
    taken: dict[str, list[float]] = {}
    for _ in range(rounds):
        _embed.cache_clear()
        for text in texts:
            answer = search(text, trial=Trial())
            for name, milliseconds in (*answer.stages.items(), (WHOLE, answer.took_ms)):
                taken.setdefault(name, []).append(milliseconds)
    gc.unfreeze()
    return {name: percentiles(times) for name, times in taken.items()}


def percentiles(times: Sequence[float]) -> list[float]:
    """Return the percentiles of SHARES."""
    return [float(found) for found in np.percentile(times, SHARES)]


def report_stages(title: str, stages: Stages) -> None:
    """Print a table, the whole last."""
    print(f"\n{title:34}" + "".join(f"{'p' + str(share):>10}" for share in SHARES))
    for name in sorted(stages, key=lambda name: (name == WHOLE, -stages[name][0])):
        print(f"{name:34}" + "".join(f"{found:7.1f} ms" for found in stages[name]))
