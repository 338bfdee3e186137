"""More requests than a process can handle are turned away, and none is when there is room again."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shop.outages.shedding import Shedding
from tests.shop.outages.slow_view import SlowView


@pytest.fixture
def crowd(settings, rf):
    """Call it to have one request handled, of one that may be; the second value lets it go."""

    @contextmanager
    def crowd(*, waiting: int, wait: float) -> Iterator[tuple[Shedding, threading.Event]]:
        settings.WEB_CONCURRENT, settings.WEB_WAITING, settings.WEB_WAIT = 1, waiting, wait
        view = SlowView(lambda request: request.path == "/slow/")
        shop = Shedding(view)
        first = threading.Thread(target=shop, args=(rf.get("/slow/"),))
        first.start()
        view.begun.wait(10)
        yield shop, view.let_go
        view.let_go.set()
        first.join()
        assert shop(rf.get("/")).status_code == 200  # there is room again

    return crowd


def test_a_page_is_asked_for_again_later(crowd, rf):
    with crowd(waiting=1, wait=0.1) as (shop, _):
        answer = shop(rf.get("/search/"))

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"


def test_the_api_says_so_in_json(crowd, rf):
    with crowd(waiting=1, wait=0.1) as (shop, _):
        answer = shop(rf.get("/api/v1/search/"))

    assert answer.status_code == 503
    assert b'"code": "busy"' in answer.content


def test_who_waits_has_a_turn(crowd, rf):
    with crowd(waiting=1, wait=10) as (shop, let_go):
        threading.Timer(0.1, let_go.set).start()

        assert shop(rf.get("/search/")).status_code == 200


def test_who_finds_no_place_to_wait_is_turned_away_at_once(crowd, rf):
    with crowd(waiting=0, wait=10) as (shop, _):
        began = time.monotonic()
        answer = shop(rf.get("/search/"))

        assert answer.status_code == 503
        assert time.monotonic() - began < 1


def test_whoever_watches_the_shop_is_always_answered(crowd, rf):
    with crowd(waiting=0, wait=0.1) as (shop, _):
        assert shop(rf.get("/health/live")).status_code == 200


def test_scripts_of_other_sites_may_read_that_the_shop_is_busy(settings):
    order = settings.MIDDLEWARE
    assert order.index("corsheaders.middleware.CorsMiddleware") < order.index(
        "shop.outages.shedding.Shedding"
    )
