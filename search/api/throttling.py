"""How many events one client may send; a cache that is away lets them through."""

import logging
from time import monotonic
from typing import Any

from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from ..conf import get_settings

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0  # after a failure the cache is not asked for this long
_asks_again_at = 0.0


class EventThrottle(SimpleRateThrottle):
    """Counts the events of an address over the time of EVENTS_RATE, in Django's cache, under a hash of the address."""

    scope = "fashion_search_events"

    def get_rate(self) -> str:
        """Return the setting."""
        return get_settings().events_rate

    def get_cache_key(self, request: Request, view: Any) -> str:
        """Return a key that does not tell the address."""
        ident = salted_hmac(self.scope, self.get_ident(request) or "").hexdigest()
        return f"{self.scope}:{ident[:32]}"

    def allow_request(self, request: Request, view: Any) -> bool:
        """Return whether the event is taken."""
        global _asks_again_at
        if monotonic() < _asks_again_at:
            return True
        try:
            return bool(super().allow_request(request, view))
        except Exception as error:  # noqa: BLE001 - the errors of cache backends share no base class
            _asks_again_at = monotonic() + PAUSE_SECONDS
            logger.warning(
                "The cache does not count events, so none is refused for %d s: %s", PAUSE_SECONDS, error
            )
            return True
