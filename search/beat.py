"""A scheduler for Celery beat that goes on when the machine's clock is set back."""

import logging
from typing import Any

from celery.beat import PersistentScheduler

logger = logging.getLogger(__name__)


class SteadyScheduler(PersistentScheduler):  # type: ignore[misc]  # Celery has no types
    """Celery's own scheduler, which counts again from now where a task seems to have run in the future.

    Celery adds the period of a task to the time of its last run. After a clock has been set back by an hour that time lies an hour
    ahead, and nothing runs until the clock has caught up: no sweep, no reconcile. The same holds for times that its file kept.

    Set `CELERY_BEAT_SCHEDULER = "fashion_search.beat.SteadyScheduler"`.
    """

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Start what is due; return the seconds until the next look."""
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at > entry.default_now()]
        for entry in ahead:
            entry.last_run_at = entry.default_now()
        if ahead:
            logger.warning("The clock was set back: %d periodic tasks count again from now.", len(ahead))
            self._heap = None  # it holds times of the clock as it was
        seconds: float = super().tick(*arguments, **options)
        return seconds
