"""Shops without USE_TZ have naive times of TIME_ZONE, with which everything that tells days apart has to do."""

from datetime import UTC, date, datetime, timedelta

import pytest
import redis
import time_machine
from django.conf import settings as shop_settings
from django.urls import reverse

from search.clock import first_moment, local_time, today
from search.indexing.documents import clean_document
from search.insight.log import hash_visitor
from search.insight.rollup import day_of, roll_up, starts
from search.merchandising.rules import in_words
from search.models import LoggedSearch, SearchDay
from search.registry import ProductDocument

NIGHT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # half past midnight of the next day in Vienna


@pytest.fixture
def vienna(settings):
    settings.TIME_ZONE = "Europe/Vienna"
    return settings


@pytest.fixture
def naive(vienna):
    """A shop without time zones."""
    vienna.USE_TZ = False
    return vienna


@time_machine.travel(NIGHT, tick=False)
def test_the_day_is_that_of_the_shop_with_time_zones(vienna):
    assert local_time().isoformat() == "2026-07-02T00:30:00+02:00"
    assert today() == date(2026, 7, 2)
    assert first_moment(today()).isoformat() == "2026-07-02T00:00:00+02:00"


def test_without_time_zones_times_stay_as_they_are(naive):
    moment = datetime(2026, 7, 2, 0, 30)
    assert local_time(moment) is moment
    assert local_time().tzinfo is None
    assert today() == local_time().date()
    assert first_moment(date(2026, 7, 2)) == datetime(2026, 7, 2)


def test_days_and_schedules_are_told_without_time_zones(naive):
    assert day_of(datetime(2026, 7, 2, 0, 30)) == date(2026, 7, 2)
    assert starts(date(2026, 7, 2)) == datetime(2026, 7, 2)
    now = datetime(2026, 7, 1, 12)
    assert in_words(now + timedelta(days=1), None, now) == ", from 2 July 12:00"


def test_a_visitor_is_hashed_without_time_zones(naive, redis_server):
    with redis.Redis.from_url(shop_settings.REDIS_URL) as client:
        assert len(hash_visitor(client, "cookie")) == 16


def test_a_naive_time_is_nothing_to_note_without_time_zones(naive):
    given = ProductDocument(key="1", sku="1", name="Shirt", created=datetime(2026, 7, 2, 0, 30))
    document, notes = clean_document(given, "1")
    assert notes == ()
    assert document.created.isoformat() == "2026-07-02T00:30:00+02:00"


@pytest.mark.django_db
def test_searches_are_counted_by_days_without_time_zones(naive):
    now = local_time()
    LoggedSearch.objects.create(
        id="0" * 32, at=now, mode="text", text="shirt", query="shirt", corrected="", understood=[], total=1, matching=1,
        page=1, filters={}, degraded="", took_ms=1.0, stages={}, visit="",
    )  # fmt: skip
    assert roll_up(now).counted == [now.date()]
    assert SearchDay.objects.filter(day=now.date()).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["index", "fashion_search_loggedsearch_changelist"])
def test_the_admin_tells_days_without_time_zones(naive, admin_client, page):
    assert admin_client.get(reverse(f"admin:{page}")).status_code == 200
