"""The log's tasks in a real worker, started by a real beat."""

from uuid import UUID

import pytest
from django.db import connection

from search.insight.log import buffer, record_event, record_search
from search.models import LoggedSearch, PopularQuery, SearchDay
from search.tasks import drain_log
from tests.processes import ShopProcesses, wait_until

pytestmark = pytest.mark.usefixtures("search_settings")


def test_a_search_becomes_a_day_by_itself(shop_processes: ShopProcesses, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
        "DRAIN_SECONDS": 1,
        "ROLL_UP_SECONDS": 1,
        "POPULAR_MINIMUM": 1,
        "POPULAR_DAYS": 1,
    }
    worker = shop_processes.worker()
    shop_processes.beat()
    search = record_search(visitor="abc", mode="text", text="Red shirt", total=3, took_ms=10.0)
    record_event(search=UUID(search), type="click", sku="A-1", position=2)
    assert buffer.flush(5)
    wait_until(lambda: SearchDay.objects.filter(mode="", clicked=1).exists(), seconds=180, what=worker)
    wait_until(lambda: PopularQuery.objects.exists(), seconds=180, what=worker)  # written a moment later
    row = LoggedSearch.objects.get()
    assert (str(row.id), row.text, len(row.visit)) == (search, "Red shirt", 16)
    assert [popular.text for popular in PopularQuery.objects.all()] == ["Red shirt"]


@pytest.mark.django_db(transaction=True)
def test_only_one_worker_drains(log_redis):
    record_search(visitor="", mode="text", text="red", total=3, took_ms=10.0)
    assert buffer.flush(5)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended('fashion_search.drain-log', 0))")
            drain_log()
            assert not LoggedSearch.objects.exists()
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended('fashion_search.drain-log', 0))")
    finally:
        other.close()
    drain_log()
    assert LoggedSearch.objects.filter(text="red").exists()
