"""How often rules, redirects, banners and synonyms took effect: counted in Django's cache, written to the tables by beat.

A search costs one or two trips to the cache per thing that fired. Where the cache is down, it is left alone for half a
minute, nothing is counted, and nothing fails. Numbers wait in the cache for `flush_hits`; with a cache of one process
only, such as LocMemCache, those of other processes are lost.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Model
from django.utils import timezone

from ..conf import shop_key
from ..models import Banner, MerchandisingRule, Redirect, Synonym
from ..prometheus import LEFT_OUT
from ..resilience import Attempts, CircuitBreaker
from ..session import on_primary

logger = logging.getLogger(__name__)

COUNTED: Final[dict[str, type[Model]]] = {
    "rule": MerchandisingRule,
    "redirect": Redirect,
    "banner": Banner,
    "synonym": Synonym,
}


class Hit(NamedTuple):
    """Something that took effect in one search."""

    kind: str  # "rule", "redirect", "banner" or "synonym"
    id: int

    @property
    def key(self) -> str:
        """Key of its number in the cache."""
        return shop_key(f"hits:{self.kind}:{self.id}")

    @property
    def former_key(self) -> str:
        """Key of earlier releases, which all shops of one cache shared."""
        return f"fashion_search.hits.{self.kind}.{self.id}"


breaker = CircuitBreaker(seconds=30.0)  # after a failure the cache is left alone for this long


def count_hits(hits: Iterable[Hit]) -> None:
    """Count each of the hits once more; never raises."""
    wanted = set(hits)
    if not wanted or breaker.is_open():
        return
    try:
        with on_primary():  # the cache may be in the database
            for hit in wanted:
                _add(hit.key, 1)
    except Exception as error:  # noqa: BLE001 - every cache has errors of its own
        breaker.open()
        LEFT_OUT.labels("hits").inc()
        logger.warning("Hits are not counted for %d s, the cache failed: %s", breaker.seconds, error)


def flush_hits(now: datetime | None = None, *, former: bool = False) -> int:
    """Move the numbers from the cache into the tables, and return how many hits they were.

    Args:
        now: recorded as the moment of the last hit; the present by default.
        former: whether the numbers under the keys of earlier releases are this shop's, too.

    Raises:
        Exception: the cache failed, and hits stay in it; or one number could not be moved, and all others were.
        ExceptionGroup: several numbers could not be moved.
    """
    now = now or timezone.now()
    moved = 0
    with Attempts("Moving hits") as attempts:
        for kind, model in COUNTED.items():
            kept = [Hit(kind, pk) for pk in model._default_manager.values_list("pk", flat=True)]
            hits = {hit.key: hit.id for hit in kept}
            if former:
                hits |= {hit.former_key: hit.id for hit in kept}
            for name, count in _counts(list(hits), attempts).items():
                if count > 0:
                    # What another search adds meanwhile stays in the cache, because only what was read is taken.
                    cache.decr(name, count)
                    with attempts.at(name):
                        _store_or_put_back(model, hits[name], name, count, now)
                        moved += count
    return moved


def flush_what_can_be() -> None:
    """Move the numbers for a page that shows them; a failing cache does not keep the page from being shown."""
    try:
        flush_hits()
    except Exception as error:  # noqa: BLE001 - the periodic task fails where operators look
        logger.warning("Hits stay in the cache: %s", error)


def _counts(keys: Sequence[str], attempts: Attempts) -> dict[str, int]:
    """Read the numbers; a value that is not one is deleted, because nothing can be counted under its key."""
    try:
        found = cache.get_many(keys)
    except Exception:  # noqa: BLE001 - every cache has errors of its own
        cache.get(Hit("none", 0).key)  # raises where it is the cache that failed, and not one value in it
        found = {}
        for key in keys:
            with attempts.at(key):
                found[key] = _read(key)
    counts = {}
    for key, count in found.items():
        with attempts.at(key):
            if count is not None and type(count) is not int:
                raise _no_number(key)
            counts[key] = count or 0
    return counts


def _read(key: str) -> Any:
    try:
        return cache.get(key)
    except Exception as error:
        raise _no_number(key) from error


def _no_number(key: str) -> ValueError:
    cache.delete(key)
    return ValueError(f"The cache held no number under {key}; it was deleted, and its hits with it.")


def _store_or_put_back(model: type[Model], pk: int, key: str, count: int, now: datetime) -> None:
    try:
        with transaction.atomic():
            _store(model, pk, count, now)
    except Exception:
        _add(key, count)
        raise


def _store(model: type[Model], pk: int, count: int, now: datetime) -> None:
    model._default_manager.filter(pk=pk).update(hits=F("hits") + count, last_fired=now)


def _add(name: str, count: int) -> None:
    try:
        cache.incr(name, count)
    except ValueError:  # it has none yet
        if not cache.add(name, count, timeout=None):
            cache.incr(name, count)
