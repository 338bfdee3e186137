"""The admin's site, whose forms for passwords can be tried a few times only."""

import logging
from collections.abc import Callable
from functools import lru_cache
from math import ceil
from threading import Lock
from time import monotonic
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from redis import Redis
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

from search.api.access import COUNT
from search.redis_clients import client_of

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0  # after a failure Redis is not asked for this long
MOST = 10_000  # counts in memory; there the oldest go first
# A place is given back only while its count still runs, so that no count begins below zero.
GIVE_BACK = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECR', KEYS[1]) end"


class Attempts:
    """Counts the attempts per key, in a window that begins with the first one."""

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
        """Take one attempt back, because it succeeded."""
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
    return client_of(settings.REDIS_URL, **settings.CACHE_TIMEOUTS)


SECONDS = 300.0
OF_ADDRESS = 10  # failures of one address within that time
# Failures with one user name, from any address; more, so that people are not easily locked out by others.
OF_NAME = 100
attempts = Attempts(SECONDS)


class ShopAdminSite(AdminSite):
    """Django's site, which answers 429 with Retry-After after too many wrong passwords, even to the right one."""

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the form, or log in."""
        name = request.POST.get("username", "")
        return self._limited(request, name, lambda: super(ShopAdminSite, self).login(request, extra_context))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form, or change the password for a user who knows the old one."""
        name = request.user.get_username()
        return self._limited(
            request, name, lambda: super(ShopAdminSite, self).password_change(request, extra_context)
        )

    def _limited(self, request: HttpRequest, name: str, answer: Callable[[], HttpResponse]) -> HttpResponse:
        if request.method != "POST":
            return answer()
        taken = []
        # The address first: one that is refused takes no places of the name.
        for limit, kind, value in (
            (OF_ADDRESS, "address", BaseThrottle().get_ident(request) or ""),
            (OF_NAME, "name", name.casefold()),
        ):
            hashed = salted_hmac("shop.login", value, algorithm="sha256").hexdigest()[:32]
            key = f"{settings.CACHES['default']['KEY_PREFIX']}:login:{kind}:{hashed}"
            count, seconds = attempts.take(key)
            if count > limit:
                logger.warning("Too many wrong passwords of one %s: refused for %d s", kind, ceil(seconds))
                return self._refusal(request, seconds)
            taken.append(key)
        response = answer()
        if response.status_code == 302:
            for key in taken:
                attempts.give_back(key)
        return response

    def _refusal(self, request: HttpRequest, seconds: float) -> HttpResponse:
        context = {
            **self.each_context(request),
            "is_nav_sidebar_enabled": False,
            "title": gettext("Too many attempts"),
            "minutes": ceil(seconds / 60),
        }
        headers = {"Retry-After": str(ceil(seconds)), "Cache-Control": "no-store"}
        return TemplateResponse(request, "admin/too_many.html", context, status=429, headers=headers)
