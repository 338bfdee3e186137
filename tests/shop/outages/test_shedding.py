"""More requests than a process can handle are turned away, and none is when there is room again."""

import threading

import pytest
from django.http import HttpResponse

from shop.outages.shedding import Shedding


@pytest.fixture
def crowded(settings, rf):
    """One request is being handled, of one that may be; the others wait a tenth of a second."""
    settings.WEB_CONCURRENT, settings.WEB_WAIT = 1, 0.1
    begun, let_go = threading.Event(), threading.Event()

    def view(request):
        if request.path == "/slow/":
            begun.set()
            let_go.wait(10)
        return HttpResponse("done")

    shop = Shedding(view)
    first = threading.Thread(target=shop, args=(rf.get("/slow/"),))
    first.start()
    begun.wait(10)
    yield shop
    let_go.set()
    first.join()
    assert shop(rf.get("/")).status_code == 200  # there is room again


def test_a_page_is_asked_for_again_later(crowded, rf):
    answer = crowded(rf.get("/search/"))

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"


def test_the_api_says_so_in_json(crowded, rf):
    answer = crowded(rf.get("/api/v1/search/"))

    assert answer.status_code == 503
    assert b'"code": "busy"' in answer.content


def test_whoever_watches_the_shop_is_always_answered(crowded, rf):
    assert crowded(rf.get("/health/live")).status_code == 200
