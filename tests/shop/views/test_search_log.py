"""A search on the page, a click, and what the log says about both."""

import json
import re

import pytest

from search.insight import log_store
from search.insight.log import buffer
from search.insight.log_store import drain_log
from search.insight.rollup import roll_up
from search.models import LoggedSearch, SearchDay, SearchEvent
from tests.search.insight.conftest import log_redis  # noqa: F401 - a fixture
from tests.shop.views.test_search import shelf  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log_redis")]


def search_of(page: str) -> str:
    return re.search(r'data-search="([0-9a-f-]*)"', page)[1]


def drained() -> None:
    assert buffer.flush(5)
    drain_log()


def test_from_the_page_to_the_day(client, shelf):  # noqa: F811 - the fixture
    client.cookies["sessionid"] = "somebody"
    page = client.get("/search/", {"q": "shirt", "colour": "Red"}).content.decode()
    search = search_of(page)
    assert re.findall(r'<div data-sku="(\w+)" data-position="(\d+)">', page) == [("S2", "1")]
    assert (
        '<script src="/static/fashion_search/events.js" data-events="/api/v1/events/" defer></script>' in page
    )

    event = {"search": search, "type": "click", "sku": "S2", "position": 1}
    assert client.post("/api/v1/events/", json.dumps(event), content_type="text/plain").status_code == 204
    drained()
    row = LoggedSearch.objects.get()
    assert (str(row.id), row.mode, row.text, row.total, row.page) == (search, "text", "shirt", 1, 1)
    assert row.corrected == ""
    assert row.filters == {"facets": {"colour": ["Red"]}}
    assert {"encode", "rank", "facets", "products"} <= row.stages.keys()
    assert sum(row.stages.values()) <= row.took_ms
    assert row.degraded.startswith("The first index is being built")
    assert len(row.visit) == 16
    roll_up()
    day = SearchDay.objects.get(mode="")
    assert (day.searches, day.clicked, day.degraded) == (1, 1, 1)


def test_positions_go_on_over_pages_and_a_page_is_no_new_search(client, shelf, make_products):  # noqa: F811
    from search.indexing.batches import index_due

    make_products(range(5, 35), name="Green shirt")
    while index_due(seconds=10):
        pass
    page = client.get("/search/", {"q": "shirt", "page": "2"}).content.decode()
    positions = re.findall(r'data-position="(\d+)"', page)
    assert positions == [str(number) for number in range(25, 25 + len(positions))]
    drained()
    roll_up()
    day = SearchDay.objects.get(mode="")
    assert (day.searches, day.pages) == (0, 1)


def test_the_api_hands_the_id_to_apps(client, shelf):  # noqa: F811
    answer = client.get("/api/v1/search/", {"q": "shirt"}).json()
    drained()
    assert str(LoggedSearch.objects.get().id) == answer["search"]


def test_a_crawler_and_a_log_that_is_off(client, shelf, settings):  # noqa: F811
    page = client.get("/search/", {"q": "shirt"}, headers={"User-Agent": "Googlebot/2.1"}).content.decode()
    assert search_of(page) == ""
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"INSIGHT": False}
    page = client.get("/search/", {"q": "shirt"}).content.decode()
    assert search_of(page) == ""
    assert "events.js" not in page
    drained()
    assert not LoggedSearch.objects.exists()


def test_without_redis_the_page_is_the_same(client, shelf, settings):  # noqa: F811
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"INSIGHT_REDIS_URL": "redis://127.0.0.1:1/0"}
    response = client.get("/search/", {"q": "shirt"})
    assert response.status_code == 200
    assert search_of(response.content.decode())
    del settings.FASHION_SEARCH["INSIGHT_REDIS_URL"]
    drained()
    assert LoggedSearch.objects.count() == 1
    assert not SearchEvent.objects.exists()
    assert log_store.oldest(1) == []
