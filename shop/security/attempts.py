"""Counts attempts in Redis, and in this process's memory while Redis is away."""

import logging
from functools import lru_cache
from math import ceil
from threading import Lock
from time import monotonic

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from search.api.throttling import COUNT

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0  # after a failure Redis is not asked for this long
MOST = 10_000  # counts in memory; there the oldest go first
# A place is given back only while its count still runs, so that no count begins below zero.
GIVE_BACK = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECR', KEYS[1]) end"


class Attempts:
    """Attempts of each key since the first of them, which are forgotten together when the time is up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._asks_again_at = 0.0
        self._own: dict[str, tuple[int, float]] = {}
        self._lock = Lock()

    def take(self, key: str) -> tuple[int, float]:
        """Count one attempt; return how many there are now and the seconds until they are forgotten."""
        if monotonic() >= self._asks_again_at:
            try:
                count, left = _redis().eval(COUNT, 1, key, ceil(self.seconds * 1000))
            except (RedisError, OSError) as error:
                self._pause(error)
            else:
                return int(count), left / 1000
        with self._lock:
            return self._take(key)

    def give_back(self, key: str) -> None:
        """Take one attempt back: it was none, because it succeeded."""
        if monotonic() >= self._asks_again_at:
            try:
                _redis().eval(GIVE_BACK, 1, key)
            except (RedisError, OSError) as error:
                self._pause(error)
        with self._lock:
            count, end = self._own.get(key, (0, 0.0))
            if count:
                self._own[key] = count - 1, end

    def _take(self, key: str) -> tuple[int, float]:
        now = monotonic()
        count, end = self._own.pop(key, (0, 0.0))
        if end <= now:
            count, end = 0, now + self.seconds
        while len(self._own) >= MOST:
            del self._own[next(iter(self._own))]
        self._own[key] = count + 1, end
        return count + 1, end - now

    def _pause(self, error: Exception) -> None:
        self._asks_again_at = monotonic() + PAUSE_SECONDS
        logger.warning("Attempts are counted by each process alone for %d s: %s", PAUSE_SECONDS, error)


@lru_cache(maxsize=1)
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, **settings.CACHE_TIMEOUTS)
