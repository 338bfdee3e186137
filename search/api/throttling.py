"""How many requests one key, or one address without a key, may send; a Redis that is away lets them through."""

import logging
import math
from typing import Any, ClassVar

from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from ..conf import get_settings, shop_key
from ..insight.log_store import connect
from ..prometheus import LEFT_OUT
from ..resilience import CircuitBreaker

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.2  # a request waits for the count, which takes a millisecond or is away
# Counts and starts the clock in one step, so that two requests never take the same place, and no count lacks its end.
COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 or redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""
breaker = CircuitBreaker(seconds=30.0)  # after a failure Redis is not asked for this long


class RateThrottle(BaseThrottle):
    """Counts requests from the first on, until the time of the rate is over; then it begins again."""

    scope: ClassVar[str]
    setting: ClassVar[str]

    def __init__(self) -> None:
        self._wait: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Return whether the request is within the rate."""
        limit, seconds = rate_of(getattr(get_settings(), self.setting))
        if limit is None or breaker.is_open():
            return True
        try:
            count, left = connect(TIMEOUT_SECONDS).eval(
                COUNT, 1, self.key_of(request), math.ceil(seconds * 1000)
            )
        except (RedisError, OSError) as error:
            breaker.open()
            LEFT_OUT.labels("rates").inc()
            logger.warning(
                "Redis does not count requests, so none is refused for %d s: %s", breaker.seconds, error
            )
            return True
        self._wait = left / 1000 if count > limit else None
        return self._wait is None

    def wait(self) -> float | None:
        """Return the seconds until a request is taken again."""
        return self._wait

    def key_of(self, request: Request) -> str:
        """Return what the count stands under: the key's number, or a hash that does not tell the address."""
        if request.auth is not None:
            return shop_key(f"rate:{self.scope}:key:{request.auth.pk}")
        hashed = salted_hmac(f"fashion_search.{self.scope}", self.get_ident(request) or "").hexdigest()[:32]
        return shop_key(f"rate:{self.scope}:{hashed}")


class ReadThrottle(RateThrottle):
    """The setting API_RATE."""

    scope = "read"
    setting = "api_rate"


class PhotoThrottle(RateThrottle):
    """The setting PHOTO_RATE."""

    scope = "photo"
    setting = "photo_rate"


class EventThrottle(RateThrottle):
    """The setting EVENTS_RATE."""

    scope = "events"
    setting = "events_rate"


class _Rate(SimpleRateThrottle):
    """REST framework's reading of `120/min`."""

    rate = None

    def __init__(self) -> None:
        """Read nothing yet."""


def rate_of(stated: str) -> tuple[int | None, float]:
    """Return requests and seconds of a rate such as `120/min`; no number of requests where it is empty, for no limit."""
    if not stated:
        return None, 0.0
    requests, seconds = _Rate().parse_rate(stated)
    return requests, float(seconds or 0)
