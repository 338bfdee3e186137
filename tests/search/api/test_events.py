import json
from uuid import uuid4

import pytest
from django.core.cache import cache

from search.api import access as throttling
from search.insight.log import buffer
from search.insight.log_store import drain_log
from search.models import SearchEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "search_settings")]

ADDRESS = "/api/v1/events/"
SEARCH = str(uuid4())
CLICK = {"search": SEARCH, "type": "click", "sku": "A-1", "position": 3}


@pytest.fixture(autouse=True)
def _own_redis(redis_server):
    def empty() -> None:
        buffer.flush(5)
        drain_log()
        SearchEvent.objects.all().delete()
        cache.clear()

    throttling.breaker.close()
    empty()
    yield
    empty()


def stored() -> list[tuple]:
    assert buffer.flush(5)
    drain_log()
    return [(str(row.search), row.type, row.sku, row.position) for row in SearchEvent.objects.all()]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain;charset=UTF-8"])
def test_an_event_is_taken(client, content_type):
    """As a script sends it, and as navigator.sendBeacon does."""
    response = client.post(ADDRESS, json.dumps(CLICK), content_type=content_type)
    assert (response.status_code, response.content) == (204, b"")
    assert stored() == [(SEARCH, "click", "A-1", 3)]


def test_an_event_sent_twice_is_one_and_a_position_may_lack(client):
    event = {"search": SEARCH, "type": "add_to_cart", "sku": "A-1"}
    for _ in range(2):
        assert client.post(ADDRESS, event, format="json").status_code == 204
    assert stored() == [(SEARCH, "add_to_cart", "A-1", None)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"search": "7"}, "search: Must be a valid UUID."),
        ({"type": "look"}, 'type: "look" is not a valid choice.'),
        ({"sku": ""}, "sku: This field may not be blank."),
        ({"sku": "x" * 201}, "sku: Ensure this value has at most 200 characters (it has 201)."),
        ({"sku": "A-1" + " " * 200}, "sku: Ensure this value has at most 200 characters (it has 203)."),
        ({"sku": "a\x00"}, "sku: Null characters are not allowed."),
        ({"position": 0}, "position: Ensure this value is greater than or equal to 1."),
        ({"position": "x"}, "position: A valid integer is required."),
    ],
)
def test_an_event_that_cannot_be_read_is_told_in_json(client, change, sentence):
    response = client.post(ADDRESS, {**CLICK, **change}, format="json")
    assert response.status_code == 400
    assert response.json() == {"error": {"code": "invalid_event", "message": sentence}}
    assert stored() == []


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        (
            "[1]",
            "invalid_event",
            'The body must be a JSON object: {"search": id, "type": "click", "sku": SKU, "position": 1}.',
        ),
        ("{", "parse_error", None),
        (
            '{"sku": "' + "-" * 10_000 + '"}',
            "parse_error",
            "The event has more than 10,000 bytes: send one flat JSON object.",
        ),
    ],
)
def test_a_body_that_is_no_object(client, body, code, sentence):
    response = client.post(ADDRESS, body, content_type="application/json")
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)
    assert sentence in (None, response.json()["error"]["message"])


def test_another_method_or_format_is_told_in_json(client):
    response = client.get(ADDRESS)
    assert (response.status_code, response["Allow"]) == (405, "POST, OPTIONS")
    response = client.post(ADDRESS, b"<a/>", content_type="application/xml")
    assert (response.status_code, response.json()["error"]["code"]) == (415, "unsupported_media_type")
    assert client.get(f"{ADDRESS}x/").json()["error"]["code"] == "not_found"


def test_a_crawler_is_answered_and_not_counted(client):
    response = client.post(ADDRESS, CLICK, format="json", headers={"User-Agent": "Googlebot/2.1"})
    assert response.status_code == 204
    assert stored() == []


def test_too_many_events_are_refused_for_a_while(client, settings):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"EVENTS_RATE": "2/min"}
    statuses = [client.post(ADDRESS, CLICK, format="json").status_code for _ in range(3)]
    assert statuses == [204, 204, 429]
    response = client.post(ADDRESS, CLICK, format="json")
    assert 1 <= int(response["Retry-After"]) <= 61
    assert response.json()["error"]["code"] == "throttled"
    other = client.post(ADDRESS, CLICK, format="json", REMOTE_ADDR="10.0.0.9")
    assert other.status_code == 204
