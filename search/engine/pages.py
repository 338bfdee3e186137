"""What a page of results is asked for by, and what it is made of before the host's products are loaded."""

import json
import logging
import uuid
import zlib
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from django.core import signing
from django.core.cache import cache

from ..conf import get_settings, shop_key
from ..merchandising.rules import Fired
from ..models import IndexVersion
from ..query.parse import Query, Understood
from ..query.synonyms import SynonymEntry
from ..resilience import CircuitBreaker
from .answers import Absence, Explanation
from .counts import Counts
from .filters import Filters
from .photos import NO_LOOK, Look

# Searches that are no shopper's: to try settings of a search, or to see how it comes about.


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What differs from a shopper's search; rules, redirects and banners count no hit in one."""

    version: IndexVersion | None = None  # to search instead of the one that serves
    synonyms: tuple[SynonymEntry, ...] | None = None  # to read the query with instead of the table's
    explain: bool = False  # whether the answer explains its results
    missing: str = ""  # SKU of a product; the answer tells why it is not there, or not higher

    @property
    def explains(self) -> bool:
        """Whether the list is made anew, with all that there is to tell of it."""
        return self.explain or bool(self.missing)


SHOPPERS = Trial()


NOTHING_UNDERSTOOD = Understood()


@dataclass(frozen=True, slots=True)
class Page:
    """What one page of results needs, before the host's products are loaded."""

    found: Sequence[tuple[str, float]]  # product keys and scores
    total: int
    complete: bool
    counts: Counts
    matching: int
    query: Query | None = None  # that was searched for, where it was corrected
    understood: Understood = NOTHING_UNDERSTOOD
    token: str = ""
    restarted: bool = False
    fired: tuple[Fired, ...] = ()
    explanation: Explanation | None = None
    absence: Absence | None = None
    degraded: str = ""
    left_out: tuple[str, ...] = ()  # of `reasons`
    thawed: bool = False  # cut from a list that was frozen, and only whole ones are


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A checked request for one page."""

    filters: Filters
    sort: str
    page: int
    size: int
    token: str  # of the first page
    facets: tuple[str, ...]  # to count
    trial: Trial = SHOPPERS
    look: Look = NO_LOOK
    freezing: bool = True  # whether later pages shall be cut from the same list

    @property
    def window(self) -> slice:
        """Where the page stands in the list."""
        return slice((self.page - 1) * self.size, self.page * self.size)

    def freezes(self, total: int) -> bool:
        """Whether a list of so many results is worth keeping."""
        return self.freezing and total > self.size


# Frozen rankings: later pages and other sorts of a search show the list that its first page was cut from.
# The list waits in Django's cache under a random name, which a signed token carries. So products that are
# changed, added or deleted meanwhile neither double nor hide others. Where the cache is away, pages are
# computed afresh.


logger = logging.getLogger(__name__)

SALT = "fashion_search.frozen"
breaker = CircuitBreaker(seconds=30.0)  # a cache that failed is left alone for this long


class FrozenRow(NamedTuple):
    """One result, with what sorts read."""

    product_key: str
    score: float
    matching: bool  # has all that was asked for
    price: Decimal | None
    created: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Frozen:
    """Everything that later pages and other sorts of one search need."""

    rows: Sequence[FrozenRow]  # by relevance
    complete: bool
    counts: Counts
    counted: bool = (
        True  # False where the time was up before all counts were there; such a list is not frozen
    )


def freeze(frozen: Frozen, asked: str) -> str:
    """Keep a ranking for the setting FREEZE_SECONDS and return its token, or "" where it cannot be kept.

    Args:
        frozen: what to keep.
        asked: what `fingerprint_of` returns for the search; the token is good for it only.
    """
    name = uuid.uuid4().hex
    content = [
        [
            (
                row.product_key,
                row.score,
                row.matching,
                None if row.price is None else str(row.price),
                row.created,
            )
            for row in frozen.rows
        ],
        frozen.complete,
        frozen.counts.packed(),
    ]
    packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 1)
    if not _try(lambda: cache.set(_key(name), packed, get_settings().freeze_seconds)):
        return ""
    return signing.dumps([name, asked], salt=SALT)


def thaw(token: str, asked: str) -> Frozen | None:
    """Return the ranking of a token, or None where it is forged, too old, of another search, or lost."""
    try:
        name, fingerprint = signing.loads(token, salt=SALT, max_age=get_settings().freeze_seconds)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    kept: list[bytes | None] = []
    if fingerprint != asked or not _try(lambda: kept.append(cache.get(_key(name)))) or kept[0] is None:
        return None
    rows, complete, counts = json.loads(zlib.decompress(kept[0]))
    return Frozen(
        [
            FrozenRow(key, score, matching, None if price is None else Decimal(price), created)
            for key, score, matching, price, created in rows
        ],
        complete,
        Counts.unpacked(counts),
    )


def fingerprint_of(version_id: int, query: str, filters: Filters, look: Look = NO_LOOK) -> str:
    """Return what tells one search from another, however it is sorted: 16 hex digits."""
    content = [version_id, query, sorted(filters.facets.items()), filters.in_stock, *astuple(look)]
    content += [str(filters.price_min), str(filters.price_max)]
    return sha256(json.dumps(content).encode()).hexdigest()[:16]


def _key(name: str) -> str:
    return shop_key(f"frozen:{name}")


def _try(act: Callable[[], object]) -> bool:
    """Whether the cache did what it was asked; while it is away, it is not asked."""
    if breaker.is_open():
        return False
    try:
        act()
    except Exception:
        breaker.open()
        logger.exception("Rankings cannot be frozen: the cache is away. Later pages are computed afresh.")
        return False
    return True
