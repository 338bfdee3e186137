"""Note a search or what was done with its results; takes microseconds and never fails what calls it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID, uuid4

from django.utils import timezone

from ..conf import get_settings
from .buffer import Buffer
from .store import push

Mode = Literal["text", "photo", "similar", "category"]
SEARCH, EVENT = "search", "event"  # kinds of records
buffer = Buffer(push)


def record_search(
    *,
    visitor: str | None,
    mode: Mode,
    total: int,
    took_ms: float,
    text: str = "",
    corrected: str = "",
    understood: Sequence[Any] = (),
    matching: int | None = None,
    page: int = 1,
    filters: Mapping[str, Any] | None = None,
    degraded: str = "",
    stages: Mapping[str, float] | None = None,
) -> str:
    """Note one page of a search, after it was answered.

    Args:
        visitor: what `visitor_of` tells of the request; None for a search that shall not be logged.
        mode: what the search was made of.
        total: results on all pages.
        took_ms: milliseconds in all.
        text: as it was typed and cleaned.
        corrected: the spelling that was searched for instead, or "".
        understood: parts of the text that were known, as JSON takes them.
        matching: results that have all that was asked for; None where all have, or where nobody could look.
        page: number of the page.
        filters: filters that the shopper had set; empty values are left out.
        degraded: why the answer was degraded, or "".
        stages: milliseconds of each stage.

    Returns:
        The search's id, which events name; "" where it is not logged.
    """
    if visitor is None or not get_settings().insight:
        return ""
    search = str(uuid4())
    buffer.put(
        {
            "kind": SEARCH,
            "id": search,
            "at": timezone.now(),
            "visitor": visitor,
            "mode": mode,
            "text": text,
            "corrected": corrected,
            "understood": list(understood),
            "total": total,
            "matching": matching,
            "page": page,
            "filters": {
                name: value for name, value in (filters or {}).items() if value not in (None, "", (), {})
            },
            "degraded": degraded,
            "took_ms": took_ms,
            "stages": dict(stages or {}),
        }
    )
    return search


def record_event(*, search: UUID, type: str, sku: str, position: int | None = None) -> None:
    """Note what somebody did with a result.

    Args:
        search: id of the search that the result was found by.
        type: a value of SearchEvent.Type.
        sku: of the product.
        position: of the result, from 1, over all pages.
    """
    if get_settings().insight:
        record = {"search": str(search), "type": type, "sku": sku, "position": position}
        buffer.put({"kind": EVENT, "at": timezone.now(), **record})
