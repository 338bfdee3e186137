"""Pictures indexed per second, end to end through Celery, and how exact the HNSW index then is."""

import time
from dataclasses import dataclass

from .setting import Setting


@dataclass(frozen=True, slots=True)
class IndexingFigures:
    """What one rebuild of the whole catalogue took and gave."""

    pictures: int
    seconds: float
    pictures_per_second: float
    ann_recall_at_24: float
    verified: bool


def measure_indexing(setting: Setting, pictures: int) -> IndexingFigures:
    """Rebuild the index of `pictures` pictures through Celery: decoding, encoding, writing, HNSW indexes, switch."""
    setting.start_workers()
    began = time.monotonic()
    setting.manage("search_index", "rebuild", "--wait", "--noinput")
    seconds = time.monotonic() - began
    recall = next(
        version["ann_recall"]
        for version in setting.index_status()["versions"]
        if version["state"] == "active"
    )
    setting.manage("search_index", "verify")  # fails unless everything holds
    return IndexingFigures(pictures, seconds, pictures / seconds, recall, verified=True)
