from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.db import DataError
from redis.exceptions import RedisError

from search.merchandising import hits
from search.merchandising.hits import Hit, count_hits, flush_hits, flush_what_can_be
from search.models import MerchandisingRule, Redirect, TaskRun
from search.tasks import flush_hits as flush_task

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty_cache(redis_server):
    cache.clear()
    hits.breaker.close()
    yield
    hits.breaker.close()


@pytest.fixture
def rule():
    return MerchandisingRule.objects.create(action="hide", phrase="shoes", sku="S1", product_key="1")


def test_hits_wait_in_the_cache_and_are_moved_once(rule):
    redirect = Redirect.objects.create(phrase="gifts", url="/gifts/")
    for _ in range(3):
        count_hits([Hit("rule", rule.pk), Hit("rule", rule.pk)])  # one search counts once
    count_hits([Hit("redirect", redirect.pk)])
    before = rule.updated_at
    assert flush_hits(NOW) == 4
    assert flush_hits() == 0
    rule.refresh_from_db()
    redirect.refresh_from_db()
    assert (rule.hits, rule.last_fired, rule.updated_at) == (3, NOW, before)
    assert redirect.hits == 1
    count_hits([Hit("rule", rule.pk)])
    flush_task()
    rule.refresh_from_db()
    assert rule.hits == 4


def test_counting_what_is_gone_fails_nothing():
    count_hits([Hit("rule", 1)])
    assert flush_hits() == 0


def test_without_redis_nothing_fails_and_it_is_asked_once_in_a_while(rule, settings, caplog):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 1},
        }
    }
    count_hits([Hit("rule", rule.pk)])
    assert "Hits are not counted for 30 s" in caplog.text
    caplog.clear()
    count_hits([Hit("rule", rule.pk)])
    assert caplog.text == ""
    with pytest.raises(RedisError, match=r"127\.0\.0\.1:1"):
        flush_task()  # the alarm for periodic tasks sees it
    flush_what_can_be()
    assert "Hits stay in the cache" in caplog.text
    assert TaskRun.objects.get(task="flush_hits").failures == 1


@pytest.mark.parametrize("value", ["many", [1]])
def test_what_is_no_number_is_deleted_and_keeps_no_other_back(rule, value):
    other = MerchandisingRule.objects.create(action="hide", phrase="hats", sku="S2", product_key="2")
    key = Hit("rule", rule.pk).key
    cache.set(key, value)
    count_hits([Hit("rule", other.pk)])
    with pytest.raises(ValueError, match=f"held no number under {key}"):
        flush_hits()
    other.refresh_from_db()
    assert other.hits == 1
    count_hits([Hit("rule", rule.pk)])
    assert flush_hits() == 1


def test_bytes_that_nobody_can_read_keep_no_other_back(rule):
    redirect = Redirect.objects.create(phrase="gifts", url="/gifts/")
    count_hits([Hit("redirect", redirect.pk), Hit("rule", rule.pk)])
    client = cache._cache.get_client(None, write=True)
    client.set(cache.make_and_validate_key(Hit("rule", rule.pk).key), b"no pickle")
    with pytest.raises(ValueError, match="held no number"):
        flush_hits()
    redirect.refresh_from_db()
    assert (redirect.hits, flush_hits()) == (1, 0)


def test_a_row_that_cannot_count_further_keeps_its_hits_in_the_cache_and_no_other_back(rule):
    other = MerchandisingRule.objects.create(action="hide", phrase="hats", sku="S2", product_key="2")
    MerchandisingRule.objects.filter(pk=rule.pk).update(hits=2**63 - 1)
    count_hits([Hit("rule", rule.pk), Hit("rule", other.pk)])
    for expected in (1, 1):
        with pytest.raises(DataError, match="out of range"):
            flush_hits()
        other.refresh_from_db()
        assert other.hits == expected
    MerchandisingRule.objects.filter(pk=rule.pk).update(hits=0)
    assert flush_hits() == 1
