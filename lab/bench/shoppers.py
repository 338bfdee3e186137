"""Shoppers whom Locust lets into a shop, what they are answered, and what becomes of the shop while products change."""

import csv
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from lab.processes import ROOT
from lab.servers import Servers
from shop.local.processes import LocalProcess

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
TURNED_AWAY = "turned away (503)"  # as the locustfile calls it
GAP_SECONDS = 5.0  # between two requests of a shopper who does not wait for answers, on average
CHANGES_PER_SECOND = 5  # products that are saved meanwhile
EVERY_SECONDS = 2.0  # between two looks at memory and lag


@dataclass(frozen=True, slots=True)
class Kind:
    """Requests of one kind; times are milliseconds."""

    requests: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What shoppers were answered, and what became of the shop meanwhile."""

    users: int
    seconds: int
    offered_per_second: float  # requests that were sent
    answered_per_second: float  # of these, those that were not turned away
    turned_away: int
    errors: int
    total: Kind
    by_kind: dict[str, Kind]
    changes: int  # products saved meanwhile
    lag_seconds: float  # the oldest change that waited for the index, at its worst
    memory_mb: float  # of all processes of the shop, at the end
    slopes: dict[str, float]  # MB per minute by process


def shop_for(servers: Servers, port: int, *, users: int, seconds: int, rate: float = 0.0) -> Figures:
    """Let shoppers in, while products change.

    Args:
        servers: of the shop.
        port: of its web server.
        users: shoppers at once, each of whom waits for an answer and then a second; not used with a rate.
        seconds: for which they stay, once all are there.
        rate: requests per second that come at random moments, whether or not others were answered.

    Raises:
        subprocess.CalledProcessError: Locust did not run.
    """
    users = round(rate * GAP_SECONDS) if rate else users
    prefix = servers.folder / f"locust-{users}-{seconds}"
    arrivals = max(4, users // 5)  # shoppers who come in, per second
    command = [
        *(sys.executable, "-m", "locust", "--headless", "--only-summary", "--skip-log-setup"),
        *("--locustfile", str(LOCUSTFILE), "--host", f"http://127.0.0.1:{port}"),
        *("--users", str(users), "--spawn-rate", str(arrivals)),
        *("--run-time", f"{seconds + users // arrivals}s", "--reset-stats"),
        *("--csv", str(prefix), "--exit-code-on-error", "0"),
    ]
    environment = os.environ | {"LOAD_GAP": str(GAP_SECONDS if rate else 0)}
    with Watcher(servers.processes.started) as watcher:
        subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
    kinds, total, errors, rate_sent = read(Path(f"{prefix}_stats.csv"))
    turned_away = kinds[TURNED_AWAY].requests if TURNED_AWAY in kinds else 0
    return Figures(
        users=users,
        seconds=seconds,
        offered_per_second=rate_sent,
        answered_per_second=rate_sent * (1 - turned_away / max(1, total.requests)),
        turned_away=turned_away,
        errors=errors,
        total=total,
        by_kind=kinds,
        changes=watcher.changed,
        lag_seconds=max((sample.lag for sample in watcher.samples), default=0.0),
        memory_mb=watcher.samples[-1].memory_mb if watcher.samples else 0.0,
        slopes=watcher.slopes(),
    )


def read(path: Path) -> tuple[dict[str, Kind], Kind, int, float]:
    """Read what Locust wrote down: kinds, all of them, errors, and requests per second.

    A kind may have a row for GET and one for POST; their numbers are added, and times are those of the larger.
    """
    kinds: dict[str, Kind] = {}
    with path.open() as rows:
        for row in csv.DictReader(rows):
            count = int(row["Request Count"])
            kind = Kind(
                count, *(float(row[column].replace("N/A", "nan")) for column in ("50%", "95%", "99%"))
            )
            if row["Name"] == "Aggregated":
                return kinds, kind, int(row["Failure Count"]), float(row["Requests/s"])
            other = kinds.get(row["Name"], Kind(0, 0.0, 0.0, 0.0))
            larger = max(kind, other, key=lambda one: one.requests)
            kinds[row["Name"]] = Kind(count + other.requests, larger.p50, larger.p95, larger.p99)
    raise ValueError(f"{path} has no line for all requests.")


@dataclass(frozen=True, slots=True)
class Sample:
    """One look."""

    at: float  # seconds since the beginning
    memory: dict[str, float]  # MB that each process has for itself (Linux's USS)
    lag: float  # seconds that the oldest change has waited

    @property
    def memory_mb(self) -> float:
        """What all processes have."""
        return sum(self.memory.values())


class Watcher:
    """Two threads: one saves products, one looks."""

    def __init__(self, processes: Sequence[LocalProcess]) -> None:
        """Describe it.

        Args:
            processes: those whose memory counts, with their children.
        """
        self.samples: list[Sample] = []
        self.changed = 0
        self._processes = processes
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._change, self._look)]

    def __enter__(self) -> "Watcher":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(30)

    def slopes(self) -> dict[str, float]:
        """Return MB per minute by which each process grew after the first third of the time, and all of them as `all`."""
        later = self.samples[len(self.samples) // 3 :]
        names = sorted({name for sample in later for name in sample.memory})
        series = {
            name: [(sample.at, sample.memory[name]) for sample in later if name in sample.memory]
            for name in names
        }
        series["all"] = [(sample.at, sample.memory_mb) for sample in later]
        return {name: median_slope(points) * 60 for name, points in series.items()}

    def _change(self) -> None:
        from django.db import connection

        from shop.models import Product

        source, keys = random.Random(7), list(Product.objects.published().values_list("pk", flat=True))
        while not self._stopped.wait(1 / CHANGES_PER_SECOND):
            product = Product.objects.get(pk=source.choice(keys))
            product.price = source.randint(100, 9000)
            product.description = f"{product.description[:500]} {source.randint(0, 9)}"
            product.save()
            self.changed += 1
        connection.close()

    def _look(self) -> None:
        from django.db import connection
        from django.utils import timezone

        from search.indexing.status import measure_outbox

        began = time.monotonic()
        while not self._stopped.wait(EVERY_SECONDS):
            oldest = measure_outbox().oldest
            lag = (timezone.now() - oldest).total_seconds() if oldest else 0.0
            self.samples.append(Sample(time.monotonic() - began, _megabytes(self._processes), lag))
        connection.close()


def median_slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the median of the slopes between all pairs of points: steps and outliers hardly move it; 0 for less than ten points."""
    import numpy as np

    if len(points) < 10:
        return 0.0
    x, y = np.array(points).T
    first, second = np.triu_indices(len(points), k=1)
    return float(np.median((y[second] - y[first]) / (x[second] - x[first])))


def _megabytes(processes: Sequence[LocalProcess]) -> dict[str, float]:
    found = {}
    for process in processes:
        try:
            first = psutil.Process(process.pid)
            for one in [first, *first.children(recursive=True)]:
                found[f"{process.name} {one.pid}"] = one.memory_full_info().uss / 1e6
        except psutil.NoSuchProcess:
            continue
    return found
