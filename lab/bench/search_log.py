"""What noting a search costs the request, in microseconds: `python -m lab.bench.search_log`.

Beside the queue in memory that is used, the way that is not: sending each record to Redis from the request.
"""

import json
import os
import signal
import time
from collections.abc import Callable

from lab.servers import Servers

CALLS = 2000
SEARCH = {
    "visitor": "a-session-cookie",
    "mode": "text",
    "text": "red striped shirt",
    "total": 120,
    "took_ms": 24.0,
}
STAGES = {"understand": 1.2, "encode": 3.1, "keyword": 5.0, "nearest": 7.5, "facets": 6.8}


def main() -> None:
    """Measure with Redis as it should be, frozen, and gone, and with the table locked."""
    with Servers() as servers:
        import django

        django.setup()
        from django.db import connection

        from search.insight import log_store
        from search.insight.log import buffer, record_search
        from search.insight.log_store import drain_log

        def note() -> None:
            record_search(**SEARCH, stages=STAGES)

        def send() -> None:
            try:
                log_store.connect().rpush("lab", json.dumps({**SEARCH, "stages": STAGES}))
            except Exception as error:  # noqa: BLE001 - how long it takes to fail is what is measured
                failures.append(error)

        failures: list[Exception] = []
        note()
        buffer.flush(5)
        print(f"{'':34}{'p50':>10}{'p99':>10}{'longest':>12}   microseconds")
        _report("noted, Redis answers", note)
        buffer.flush(10)
        _report("sent from the request", send)
        began, taken = time.perf_counter(), drain_log()
        print(f"{'drained to Postgres':34}{taken / (time.perf_counter() - began):10.0f} records/s")
        with connection.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE fashion_search_loggedsearch IN ACCESS EXCLUSIVE MODE")
            _report("noted, the table is locked", note)
            cursor.execute("ROLLBACK")
        buffer.flush(10)
        os.kill(servers.redis.process.pid, signal.SIGSTOP)
        _report("noted, Redis is frozen", note)
        _report("sent from the request, frozen", send, calls=3)
        os.kill(servers.redis.process.pid, signal.SIGCONT)
        buffer.flush(10)
        servers.redis.stop()
        _report("noted, Redis is gone", note)


def _report(name: str, call: Callable[[], None], calls: int = CALLS) -> None:
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1e6)
        time.sleep(0.0005)  # as between requests, so that the thread which sends has its turn
    times.sort()
    print(
        f"{name:34}{times[calls // 2]:10.1f}{times[min(calls - 1, int(calls * 0.99))]:10.1f}{times[-1]:12.0f}"
    )


if __name__ == "__main__":
    main()
