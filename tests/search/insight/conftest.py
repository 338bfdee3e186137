from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from search.conf import shop_key
from search.insight import log_store
from search.insight.log import buffer
from search.models import LoggedSearch, SearchEvent

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def log_redis(redis_server) -> Iterator[None]:
    """The log's Redis, without records of other tests."""
    client = log_store.connect()
    buffer.flush(5)
    for name in (log_store.list_name(), *client.keys(shop_key("visit_key:*"))):
        client.delete(name)
    yield
    buffer.flush(5)
    client.delete(log_store.list_name())


@pytest.fixture
def log():
    """Write one search into the log, with the SKUs that were clicked and their positions."""

    def write(
        text: str = "red shirt", *, at: datetime = NOON, clicks: dict[str, int] | None = None, **values
    ):
        row = LoggedSearch.objects.create(
            **{
                "id": uuid4(), "at": at, "mode": "text", "text": text, "query": text.lower(),
                "total": 5, "matching": values.get("total", 5), "took_ms": 20.0, **values,
            }
        )  # fmt: skip
        for sku, position in (clicks or {}).items():
            SearchEvent.objects.create(search=row.id, type="click", sku=sku, position=position, at=at)
        return row

    return write
