"""Searches by text while others send pictures that were made to do harm: p95 beside that of an idle shop.

Run as `python -m bench.hostile [--senders N] [--json FILE]`; with FASHION_DATA also the collected bad pictures of other projects.
Exits with 1 where a picture is answered with an error of ours, or healthy searches take more than twice as long.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from pathlib import Path

from chaos.shopper import ask
from chaos.waiting import wait_until
from tests.abuse import bad_pictures

from .setting import ROOT, Setting

PRODUCTS = 600
SEARCHES = 150
REST_SECONDS = 30  # in which the worker ends what follows a build
PAUSE_SECONDS = 0.05
MOST_SLOWER = 2.0


def main() -> int:
    """Measure, print, and return 1 where a limit is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description=__doc__)
    parser.add_argument(
        "--senders", type=int, default=4, metavar="N", help="who send pictures, at once; default 4"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures into FILE")
    options = parser.parse_args()
    pictures = _pictures()
    with Setting() as setting:
        os.environ["FASHION_SEARCH"] = json.dumps({"API_RATE": "", "PHOTO_RATE": ""})
        folder = setting.folder / "drawn"
        draw = [sys.executable, "-m", "shop.drawn", "--count", str(PRODUCTS), "--out", str(folder)]
        subprocess.run(draw, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        setting.import_catalogue(folder, limit=None)
        setting.start_workers()
        setting.manage("search_index", "rebuild", "--wait", "--noinput")
        _, port = setting.start_web(2)
        wait_until(lambda: _answers(port), seconds=60)
        _search(port, 60)  # loads encoders
        time.sleep(REST_SECONDS)
        idle = _p95(_search(port, SEARCHES))
        with Senders(port, pictures, options.senders) as senders:
            meanwhile = _p95(_search(port, SEARCHES))
    figures = {
        "pictures": len(pictures),
        "sent": sum(senders.statuses.values()),
        "statuses": dict(senders.statuses),
        "slowest_s": senders.slowest,
        "idle_p95_ms": idle,
        "p95_ms": meanwhile,
        "times_slower": meanwhile / idle,
    }
    print(json.dumps(figures, indent=1))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    ours = sum(count for status, count in senders.statuses.items() if status >= 500 and status != 503)
    return int(bool(ours) or meanwhile > MOST_SLOWER * idle)


class Senders:
    """Threads that send one picture after the other, over and over."""

    def __init__(self, port: int, pictures: list[bytes], number: int) -> None:
        self.statuses: Counter[int] = Counter()
        self.slowest = 0.0
        self._port = port
        self._pictures = pictures
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(place, number), daemon=True) for place in range(number)
        ]

    def __enter__(self) -> "Senders":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(60)

    def _send(self, place: int, number: int) -> None:
        while not self._stopped.is_set():
            for picture in self._pictures[place::number]:
                if self._stopped.is_set():
                    return
                began = time.monotonic()
                answer = ask(self._port, "/api/v1/search/photo/", photo=picture)
                self.statuses[answer.status] += 1
                self.slowest = max(self.slowest, time.monotonic() - began)


def _pictures() -> list[bytes]:
    found = [*bad_pictures.every().values(), *bad_pictures.large().values()]
    collected = Path(os.environ.get("FASHION_DATA", "")) / "bad_images" / "bad_images.zip"
    if collected.exists():
        with zipfile.ZipFile(collected) as archive:
            found += [archive.read(name) for name in archive.namelist() if not name.endswith("/")]
    return found


def _answers(port: int) -> bool:
    try:
        return ask(port, "/health/live").status == 200
    except OSError:
        return False


def _search(port: int, number: int) -> list[float]:
    times = []
    for place in range(number):
        query = ("red+shirt", "blue+dress", "sneekers", "black+bag", "kurta", "white+shoes")[place % 6]
        began = time.perf_counter()
        ask(port, f"/api/v1/search/?q={query}")
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE_SECONDS)
    return times


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
