"""Change products at a steady pace, and watch memory and the index's lag meanwhile."""

import random
import threading
import time
from dataclasses import dataclass

import psutil

CHANGES_PER_SECOND = 5
EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look."""

    at: float  # seconds since the beginning
    memory_mb: float  # of all processes watched
    lag: float  # seconds that the oldest change has waited


class Watcher:
    """Two threads: one saves products, one looks."""

    def __init__(self, processes: list[int]) -> None:
        """Describe it.

        Args:
            processes: ids of those whose memory counts, with their children.
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

        from search.models import StaleProduct

        began = time.monotonic()
        while not self._stopped.wait(EVERY_SECONDS):
            oldest = StaleProduct.objects.filter(parked=False).order_by("marked_at").first()
            lag = (timezone.now() - oldest.marked_at).total_seconds() if oldest else 0.0
            self.samples.append(Sample(time.monotonic() - began, _megabytes(self._processes), lag))
        connection.close()


def _megabytes(processes: list[int]) -> float:
    total = 0
    for number in processes:
        try:
            first = psutil.Process(number)
            total += sum(one.memory_info().rss for one in [first, *first.children(recursive=True)])
        except psutil.NoSuchProcess:
            continue
    return total / 1e6
