"""Tell the searches of one visit from those of another, without being able to tell whose visit it was.

A visit is known by a cookie that the shop sets anyway. The log holds its HMAC with a random key of the day. The key
exists in Redis only and expires with its day; from then on nobody can compute the hash of a cookie any more, so
that neither can a cookie be found in the log, nor the visits of two days be joined.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from redis import Redis

from ..conf import get_settings
from ..namespace import shop_key

KEY_BYTES = 32
_CRAWLER = re.compile(r"bot\b|crawl|spider|slurp|preview|monitor|headless|lighthouse", re.IGNORECASE)


def visitor_of(request: HttpRequest) -> str | None:
    """Return what stands for a visit until it is hashed: the cookie, "" without one.

    Returns:
        None for a request that no person is behind, such as a crawler's or a prefetch; those are not logged.
    """
    headers = request.headers
    if "prefetch" in headers.get("Sec-Purpose", "") or "prefetch" in headers.get("Purpose", ""):
        return None
    if _CRAWLER.search(headers.get("User-Agent", "")):
        return None
    return request.COOKIES.get(get_settings().insight_cookie or settings.SESSION_COOKIE_NAME, "")


def hash_visitor(client: Redis, visitor: str) -> str:
    """Return 16 hex digits that are the same for a visitor's searches of one day; "" without a cookie."""
    if not visitor:
        return ""
    secret = _key_of(client, timezone.localtime())
    return hmac.new(secret, visitor.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def _key_of(client: Redis, now: datetime) -> bytes:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    name = shop_key(f"visit_key:{now:%Y-%m-%d}")
    seconds_left = max(1, int((midnight - now).total_seconds()))
    client.set(name, secrets.token_bytes(KEY_BYTES), nx=True, ex=seconds_left)
    kept: bytes | None = client.get(name)  # type: ignore[assignment]
    return kept or secrets.token_bytes(KEY_BYTES)  # it expired this moment: a key that nobody has
