"""Searches by text while others send pictures that were made to do harm, without a pause: p95 beside that of an idle shop.

Run as `python -m lab.bench.hostile [--senders N] [--json FILE]`; with FASHION_DATA also the collected bad pictures of other projects.
Exits with 1 where a picture is answered with an error of ours, or healthy searches take more than twice as long.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import statistics
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

from lab.processes import wait_until
from lab.servers import Servers
from lab.traffic import ask, is_up
from tests.abuse import bad_pictures

PRODUCTS = 600
SEARCHES = 150
REST_SECONDS = 30  # in which the worker ends what follows a build
PAUSE_SECONDS = 0.05
MOST_SLOWER = 2.0
MOST_YIELDING = 19  # niceness
CUT = 0  # in place of a status, where a picture was turned away before all of it was read
TURNED_AWAY = (503, CUT)


def main() -> int:
    """Measure, print, and return 1 where a limit is missed."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.hostile", description=__doc__)
    parser.add_argument(
        "--senders", type=int, default=4, metavar="N", help="who send pictures, at once; default 4"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures into FILE")
    options = parser.parse_args()
    with Servers() as servers:
        servers.draw(PRODUCTS)
        servers.index()
        _, port = servers.processes.web(2)
        wait_until(lambda: is_up(port), seconds=60)
        _search(port, 60)  # loads encoders
        time.sleep(REST_SECONDS)
        idle = _p95(_search(port, SEARCHES))
        senders = Senders(port, options.senders)
        pictures = senders.start()
        times = _search(port, SEARCHES, going_on=senders.sending)
        answers = senders.answers()
    statuses = Counter(status for status, _ in answers)
    meanwhile = _p95(times)
    figures = {
        "pictures": pictures,
        "sent": len(answers),
        "statuses": dict(statuses),
        "slowest_s": max(seconds for _, seconds in answers),
        "searches": len(times),
        "idle_p95_ms": idle,
        "p95_ms": meanwhile,
        "times_slower": meanwhile / idle,
    }
    print(json.dumps(figures, indent=1))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    ours = sum(count for status, count in statuses.items() if status >= 500 and status != 503)
    return int(bool(ours) or meanwhile > MOST_SLOWER * idle)


class Senders:
    """Others' devices: a process of its own, which yields to the shop, with threads that send one picture after the other, each until it is taken or refused."""

    def __init__(self, port: int, number: int) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._results, self._send = spawning.Pipe(duplex=False)
        self._process = spawning.Process(target=_send_all, args=(port, number, self._send), daemon=True)

    def start(self) -> int:
        """Begin to send, and return how many pictures there are."""
        self._process.start()
        self._send.close()  # so that nothing is waited for that has ended
        return self._results.recv()

    def sending(self) -> bool:
        """Return whether there are pictures left."""
        return not self._results.poll()

    def answers(self) -> list[tuple[int, float]]:
        """Return status and seconds of every answer."""
        return self._results.recv()


def _send_all(port: int, number: int, tell: Connection) -> None:
    os.nice(MOST_YIELDING)
    pictures = _pictures()
    tell.send(len(pictures))
    with ThreadPoolExecutor(number) as threads:
        sent = threads.map(lambda place: _send(port, pictures[place::number]), range(number))
        tell.send([answer for answers in sent for answer in answers])


def _send(port: int, pictures: list[bytes]) -> list[tuple[int, float]]:
    answers = []
    for picture in pictures:
        status = None
        while status in (None, *TURNED_AWAY):
            began = time.monotonic()
            try:
                status = ask(port, "/api/v1/search/photo/", photo=picture).status
            except ConnectionError:
                status = CUT
            answers.append((status, time.monotonic() - began))
    return answers


def _pictures() -> list[bytes]:
    found = [*bad_pictures.every().values(), *bad_pictures.large().values()]
    collected = Path(os.environ.get("FASHION_DATA", "")) / "bad_images" / "bad_images.zip"
    if collected.exists():
        with zipfile.ZipFile(collected) as archive:
            found += [archive.read(name) for name in archive.namelist() if not name.endswith("/")]
    return found


def _search(port: int, number: int, *, going_on: Callable[[], bool] = lambda: False) -> list[float]:
    """Search so many times, and on for as long as something goes on; return the milliseconds of each."""
    times: list[float] = []
    queries = itertools.cycle(["red+shirt", "blue+dress", "sneekers", "black+bag", "kurta", "white+shoes"])
    while len(times) < number or going_on():
        began = time.perf_counter()
        status = ask(port, f"/api/v1/search/?q={next(queries)}").status
        times.append((time.perf_counter() - began) * 1000)
        if status != 200:
            raise SystemExit(f"A search was answered with status {status}.")
        time.sleep(PAUSE_SECONDS)
    return times


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
