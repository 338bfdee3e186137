"""Go through the whole catalogue, page by page, newest first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core import signing

from ..conf import get_settings
from ..exceptions import InvalidQuery
from ..models import IndexEntry, IndexVersion
from ..querysets import EntryQuerySet
from ..routing import pinned
from . import reasons
from .answers import SearchResult
from .products import load_results

SALT = "fashion_search.cursor"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductPage:
    """A page of the catalogue."""

    total: int
    results: Sequence[SearchResult]
    cursor: str  # of the next page; "" after the last
    degraded: str = ""  # why products are missing
    left_out: tuple[str, ...] = ()  # as in `SearchAnswer`


@pinned()
def browse_products(cursor: str = "", *, page_size: int | None = None) -> ProductPage:
    """Return a page of the products in the index, newest first.

    The cursor names the last product of a page, so that products that are added or deleted meanwhile neither repeat nor
    skip others.

    Args:
        cursor: of the page before; "" for the first page.
        page_size: products on a page; the setting PAGE_SIZE by default, MAX_PAGE_SIZE at most.

    Raises:
        InvalidQuery: the cursor is none.
    """
    settings = get_settings()
    size = min(page_size or settings.page_size, settings.max_page_size)
    last = _read_cursor(cursor) if cursor else None
    version = IndexVersion.objects.serving()
    if version is None:
        return ProductPage(
            total=0, results=(), cursor="", degraded=reasons.NO_VERSION, left_out=(reasons.RESULTS,)
        )
    entries = EntryQuerySet(IndexEntry).in_version(version.pk)
    total = entries.count()
    shown = list(
        (entries.older_than(*last) if last else entries).newest().only("product_key", "created")[: size + 1]
    )
    more = len(shown) > size
    shown = shown[:size]
    loaded = load_results((entry.product_key, 0.0) for entry in shown)
    return ProductPage(
        total=total,
        results=loaded.shown,
        cursor=_write_cursor(shown[-1]) if more else "",
        degraded="" if version.is_whole else reasons.BUILDING,
        left_out=(*(() if version.is_whole else (reasons.PRODUCTS,)), *loaded.left_out),
    )


def _write_cursor(entry: IndexEntry) -> str:
    return signing.dumps([entry.created.isoformat(), entry.product_key], salt=SALT)


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        created, key = signing.loads(cursor, salt=SALT)
        return datetime.fromisoformat(created), str(key)
    except (signing.BadSignature, ValueError, TypeError, json.JSONDecodeError) as error:
        raise InvalidQuery(
            "invalid_cursor", "cursor must be that of an answer: begin without one."
        ) from error
