"""Who may call the API, and how often: a client with a key, or anybody; each within a rate."""

import logging
import math
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import InternalError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from ..conf import get_settings, shop_key
from ..insight.log_store import connect
from ..models import ApiKey
from ..models.api_keys import digest_of
from ..prometheus import LEFT_OUT
from ..resilience import CircuitBreaker

logger = logging.getLogger(__name__)

SCHEME = "Bearer"
NOTED_EVERY = timedelta(minutes=1)  # when a key was last used is no more exact than this
UNKNOWN = "This key is unknown or was revoked: ask the shop for another one."
TIMEOUT_SECONDS = 0.2  # a request waits for the count, which takes a millisecond or is away
# Counts and starts the clock in one step, so that two never take the same place, and no count lacks its end.
COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 or redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""
breaker = CircuitBreaker(seconds=30.0)  # after a failure Redis is not asked for this long


class KeyAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer KEY`; the key is then `request.auth`."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        """Return the key that was sent, or None without one.

        Raises:
            AuthenticationFailed: it is unknown, revoked, or no bearer key.
        """
        sent = request.headers.get("Authorization", "").split()
        if not sent or sent[0].lower() == "basic":  # what a gate in front of the whole shop asks for
            return None
        if len(sent) != 2 or sent[0].lower() != SCHEME.lower():
            raise AuthenticationFailed("Send the key as Authorization: Bearer KEY.")
        key = ApiKey.objects.filter(digest=digest_of(sent[1]), revoked_at=None).first()
        if key is None:
            raise AuthenticationFailed(UNKNOWN)
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > NOTED_EVERY:
            _note_use(key, now)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return SCHEME


def _note_use(key: ApiKey, now: datetime) -> None:
    try:
        with transaction.atomic():
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    except InternalError as error:  # a standby takes no writes, and is searched all the same
        logger.warning("The use of a key was not noted: %s", error)


class ScopePermission(BasePermission):
    """Lets keys do what their scopes name, and anybody read where the setting API_ANONYMOUS says so.

    Views of what the shop's own pages ask for, marked `open_to_pages`, need no key in any case.
    """

    message = ""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the caller may use the view; REST framework answers 401 without a key and 403 with one."""
        key: ApiKey | None = request.auth  # type: ignore[assignment]  # what KeyAuthentication returns
        if key is None:
            return get_settings().api_anonymous or getattr(view, "open_to_pages", False)
        self.message = f"This key lacks the scope {view.scope}."
        return view.scope in key.scopes


# Rates: a Redis that is away lets requests through.


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
        """Return the name of the count: the key's number, or a hash that does not reveal the address."""
        if request.auth is not None:
            return shop_key(f"rate:{self.scope}:key:{request.auth.pk}")
        hashed = salted_hmac(
            f"fashion_search.{self.scope}", self.get_ident(request) or "", algorithm="sha256"
        ).hexdigest()[:32]
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
