"""Requests are counted in Redis, in one step, under what does not tell whose they are."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework.request import Request

from search.api import access as throttling
from search.conf import shop_key
from search.insight.log_store import connect
from search.models import ApiKey

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "search_settings")]

URL = "/api/v1/products/"


@pytest.fixture(autouse=True)
def _fresh():
    throttling.breaker.close()
    for name in connect().scan_iter(shop_key("rate:*")):
        connect().delete(name)


def request(rf, address="10.0.0.9", auth=None):
    made = Request(rf.get("/", REMOTE_ADDR=address))
    made.user, made.auth = None, auth
    return made


def test_an_address_is_refused_beyond_its_rate_and_another_is_not(client, settings):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"API_RATE": "2/hour"}
    assert [client.get(URL).status_code for _ in range(3)] == [200, 200, 429]
    response = client.get(URL)
    assert 3590 <= int(response["Retry-After"]) <= 3601
    assert response.json()["error"]["code"] == "throttled"
    assert client.get(URL, REMOTE_ADDR="10.0.0.9").status_code == 200


def test_a_key_is_counted_by_itself(client, settings):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"API_RATE": "1/hour"}
    rows = [ApiKey(name=name) for name in ("one", "other")]
    keys = [row.draw() for row in rows]
    ApiKey.objects.bulk_create(rows)

    def status(key):
        return client.get(URL, headers={"Authorization": f"Bearer {key}"}).status_code

    assert [status(keys[0]), status(keys[0]), status(keys[1])] == [200, 429, 200]


def test_no_rate_counts_nothing(client, settings):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"API_RATE": ""}
    assert client.get(URL).status_code == 200
    assert list(connect().scan_iter(shop_key("rate:*"))) == []


def test_the_address_that_is_counted_is_not_stored_and_the_count_ends(rf, settings):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"API_RATE": "5/min"}
    assert throttling.ReadThrottle().allow_request(request(rf), None)
    (key,) = connect().scan_iter(shop_key("rate:*"))
    assert b"10.0.0.9" not in key
    assert 0 < connect().pttl(key) <= 60_000


def test_at_the_same_moment_no_more_than_the_rate_are_taken(rf, settings):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"API_RATE": "20/min"}
    with ThreadPoolExecutor(8) as pool:
        taken = list(
            pool.map(lambda _: throttling.ReadThrottle().allow_request(request(rf), None), range(100))
        )
    assert taken.count(True) == 20


def test_a_count_that_lost_its_end_gets_one(rf, settings):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"API_RATE": "2/min"}
    key = throttling.ReadThrottle().key_of(request(rf))
    connect().set(key, 50)
    throttle = throttling.ReadThrottle()
    assert not throttle.allow_request(request(rf), None)
    assert 59 < throttle.wait() <= 60


def test_a_redis_that_is_away_refuses_nothing_and_is_left_alone(client, monkeypatch, caplog):
    asked = []

    def fail(timeout):
        asked.append(1)
        raise RedisConnectionError("refused")

    monkeypatch.setattr(throttling, "connect", fail)
    assert [client.get(URL).status_code for _ in range(3)] == [200, 200, 200]
    assert len(asked) == 1
    assert "none is refused for 30 s" in caplog.text


@pytest.mark.parametrize(("rate", "read"), [("120/min", (120, 60)), ("5/s", (5, 1)), ("", (None, 0))])
def test_rates(rate, read):
    assert throttling.rate_of(rate) == read
