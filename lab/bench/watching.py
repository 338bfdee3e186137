"""Change products at a steady pace, and watch memory and the index's lag meanwhile."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from shop.local.processes import LocalProcess

CHANGES_PER_SECOND = 5
EVERY_SECONDS = 2.0


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

        from search.indexing.progress import measure_outbox

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
