"""Searches are answered in time and counted later, whatever Redis and the log's table do meanwhile."""

import http.client
import json
import os
import signal
from contextlib import closing
from statistics import median
from time import monotonic
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connection

from search.models import IndexVersion, LoggedSearch, SearchEvent
from tests.processes import wait_until

SEARCHES = 20


@pytest.fixture
def address(catalogue, large_batches, stoppable_redis, shop_processes, settings) -> str:
    """A web process over an index, and a worker that drains the log every second."""
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"DRAIN_SECONDS": 1}
    shop_processes.beat()
    worker = shop_processes.worker()
    call_command("search_index", "rebuild")
    wait_until(lambda: IndexVersion.objects.active() is not None, seconds=180, what=worker)
    return shop_processes.web()[1]


@pytest.fixture
def usual(address) -> float:
    """Seconds that a search takes while everything is well; the first ones load the encoder."""
    _search(address)
    return median(_search(address)[0] for _ in range(SEARCHES))


def test_redis_frozen(address, usual, stoppable_redis):

    os.kill(stoppable_redis.process.pid, signal.SIGSTOP)
    try:
        taken = [_search(address) for _ in range(SEARCHES)]
        status = _click(address, taken[0][1])
    finally:
        os.kill(stoppable_redis.process.pid, signal.SIGCONT)
    assert median(seconds for seconds, _ in taken) < 2 * usual + 0.02
    waited = [
        seconds for seconds, _ in taken if seconds > usual + 0.9
    ]  # for Redis, whose timeout is a second
    assert len(waited) <= 1  # a slow machine may stop for a second of its own
    assert status == 204
    # The worker's own connection comes back when it does; the longer Redis was away, the later.
    wait_until(lambda: LoggedSearch.objects.count() == 2 * SEARCHES + 1, seconds=180)
    wait_until(lambda: SearchEvent.objects.filter(search=taken[0][1]).exists(), seconds=180)
    assert {str(pk) for pk in LoggedSearch.objects.values_list("pk", flat=True)} >= {pk for _, pk in taken}


@pytest.mark.long
def test_the_table_locked(address, usual):
    wait_until(lambda: LoggedSearch.objects.count() == SEARCHES + 1, seconds=180)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE fashion_search_loggedsearch IN ACCESS EXCLUSIVE MODE")
            taken = [_search(address) for _ in range(SEARCHES)]
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert median(seconds for seconds, _ in taken) < 2 * usual + 0.02
    wait_until(lambda: LoggedSearch.objects.count() == 2 * SEARCHES + 1, seconds=180)


def _search(address: str) -> tuple[float, str]:
    """Seconds until the answer, and the search's id."""
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)) as web:
        began = monotonic()
        web.request("GET", "/api/v1/search/?q=red+shirt")
        response = web.getresponse()
        answer = json.loads(response.read())
        assert response.status == 200
        return monotonic() - began, answer["search"]


def _click(address: str, search: str) -> int:
    """Report a click as a browser does."""
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)) as web:
        event = {"search": search, "type": "click", "sku": "F0001", "position": 1}
        web.request("POST", "/api/v1/events/", json.dumps(event), {"Content-Type": "text/plain"})
        return web.getresponse().status
