"""Addresses of Redis and of Sentinel, and what Celery calls the same."""

import pytest

from search.redis_clients import SentinelAddress, SentinelPool, broker_settings, client_of, of_broker

URL = "sentinel://:p%40ss@one:26379,two,[::1]:26380/3?master=shop&sentinel_password=own"
LIMITS = {"socket_timeout": 2, "socket_connect_timeout": 1, "visibility_timeout": 600}


def test_an_address_is_read():
    where = SentinelAddress.of(URL)
    assert where.sentinels == (("one", 26379), ("two", 26379), ("::1", 26380))
    assert (where.master, where.database) == ("shop", 3)
    assert (where.login, where.sentinel_login) == ({"password": "p@ss"}, {"password": "own"})
    assert SentinelAddress.of("sentinel://host?master=m") == ((("host", 26379),), "m", 0, {}, {})


@pytest.mark.parametrize(
    "url",
    [
        "redis://host?master=m",
        "sentinel://:secret@host",
        "sentinel://?master=m",
        "sentinel://:secret@host,?master=m",
        "sentinel://host/zero?master=m",
    ],
)
def test_another_one_is_refused_without_its_password(url):
    with pytest.raises(ValueError, match="Sentinel") as refused:
        SentinelAddress.of(url)
    assert "secret" not in str(refused.value)


def test_celery_gets_it_in_its_own_form_and_back():
    url, options = broker_settings(URL, LIMITS)
    assert url == (
        "sentinel://:p%40ss@one:26379/3;sentinel://:p%40ss@two:26379/3;sentinel://:p%40ss@[::1]:26380/3"
    )
    kept = {"socket_timeout": 2, "socket_connect_timeout": 1}
    assert options["sentinel_kwargs"].pop("retry").get_retries() == 0
    assert options == {**LIMITS, "master_name": "shop", "sentinel_kwargs": {**kept, "password": "own"}}
    assert SentinelAddress.of(of_broker(url, options)) == SentinelAddress.of(URL)


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://:p@host:6379/1", "redis://:p@host:6379/1"),
        ("rediss://host/0", "rediss://host/0"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock"),
    ],
)
def test_one_server_stays_what_it_is(url, broker):
    assert broker_settings(url, LIMITS) == (broker, LIMITS)
    assert of_broker(broker, LIMITS) == url


def test_a_broker_without_a_log():
    assert of_broker("amqp://host", {}) == ""
    assert of_broker("sentinel://host:26379", {}) == "", "nobody knows which master"


def test_a_client_and_its_limits():
    pool = client_of(URL, socket_timeout=0.3).connection_pool
    assert isinstance(pool, SentinelPool)
    assert pool.service_name == "shop"
    assert (pool.connection_kwargs["db"], pool.connection_kwargs["socket_timeout"]) == (3, 0.3)
    assert pool.sentinel_manager.sentinel_kwargs.items() >= {"socket_timeout": 0.3, "password": "own"}.items()
    assert client_of("redis://host:1/2").connection_pool.connection_kwargs["port"] == 1
