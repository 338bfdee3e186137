"""Turn requests away while too many are being handled, instead of letting all of them wait ever longer.

The web server has more threads than requests are handled at once: some of the others wait here for a moment, where a wait can be ended,
and the rest is told at once to come again, which costs next to nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase
from prometheus_client import Counter

from .pages import busy
from .photo_turns import NoTurn, PhotoTurns

TURNED_AWAY = Counter(
    "shop_turned_away", "Requests that were answered 503 because too many others were being handled."
)

ALWAYS = ("/health/", "/metrics")  # whoever watches the shop asks most when it is busy


class Shedding:
    """Middleware: a process handles WEB_CONCURRENT requests at once; WEB_WAITING others wait up to WEB_WAIT seconds; who is left gets a 503.

    Pictures of products take none of these places. Photos to search with wait for their own turn first, half of the WEB_WAITING at most, and hold none of the WEB_CONCURRENT meanwhile.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.WEB_CONCURRENT:
            raise MiddlewareNotUsed
        self._get_response = get_response
        self._free = threading.BoundedSemaphore(settings.WEB_CONCURRENT)
        self._photos = PhotoTurns(settings.WEB_WAITING // 2)
        self._places = threading.BoundedSemaphore(settings.WEB_CONCURRENT + settings.WEB_WAITING)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle the request as soon as others are done, or turn it away."""
        # Pictures wait for a storage, which may have frozen, and have places of their own (`shop/views/media.py`).
        if request.path_info.startswith((*ALWAYS, settings.MEDIA_URL)):
            return self._get_response(request)
        if not self._places.acquire(blocking=False):
            return _turn_away(request)
        try:
            if not self._photos.needed(request):
                return self._handle_in_turn(request)
            with self._photos.take(settings.WEB_WAIT):
                return self._handle_in_turn(request)
        except NoTurn:
            return _turn_away(request)
        finally:
            self._places.release()

    def _handle_in_turn(self, request: HttpRequest) -> HttpResponseBase:
        if not self._free.acquire(timeout=settings.WEB_WAIT):
            return _turn_away(request)
        try:
            return self._get_response(request)
        finally:
            self._free.release()


def _turn_away(request: HttpRequest) -> HttpResponseBase:
    TURNED_AWAY.inc()
    return busy(request)
