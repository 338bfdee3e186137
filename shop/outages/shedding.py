"""Turn requests away while too many are being handled, instead of letting all of them wait ever longer.

The web server has more threads than requests are handled at once: the others wait here for a moment, where a wait can be ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase
from prometheus_client import Counter

from .pages import busy

TURNED_AWAY = Counter(
    "shop_turned_away", "Requests that were answered 503 because too many others were being handled."
)

ALWAYS = ("/health/", "/metrics")  # whoever watches the shop asks most when it is busy


class Shedding:
    """Middleware: at most WEB_CONCURRENT requests at once in a process; others wait WEB_WAIT seconds and then get a 503."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.WEB_CONCURRENT:
            raise MiddlewareNotUsed
        self._get_response = get_response
        self._free = threading.BoundedSemaphore(settings.WEB_CONCURRENT)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle the request as soon as others are done, or turn it away."""
        if request.path_info.startswith(ALWAYS):
            return self._get_response(request)
        if not self._free.acquire(timeout=settings.WEB_WAIT):
            TURNED_AWAY.inc()
            return busy(request)
        try:
            return self._get_response(request)
        finally:
            self._free.release()
