"""Photos take turns, with rests between them, and keep no other request from being handled."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.urls import reverse

from shop.outages.photo_turns import ADDRESSES, NoTurn, PhotoTurns
from shop.outages.shedding import Shedding
from tests.shop.outages.slow_view import SlowView


@contextmanager
def held(turns: PhotoTurns) -> Iterator[threading.Event]:
    """Another thread has the turn until the event is set."""
    begun, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with turns.take(10):
            begun.set()
            let_go.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert begun.wait(10)
    yield let_go
    let_go.set()
    thread.join()


def test_one_is_taken_after_the_other():
    turns = PhotoTurns(waiting=1)
    with held(turns) as let_go:
        threading.Timer(0.1, let_go.set).start()
        with turns.take(10):
            assert let_go.is_set()


def test_nobody_waits_longer_than_told():
    turns = PhotoTurns(waiting=1)
    with held(turns), pytest.raises(NoTurn), turns.take(0.05):
        pass
    with turns.take(10):
        pass  # there is a turn again


def test_who_finds_no_place_to_wait_is_turned_away_at_once():
    turns = PhotoTurns(waiting=0)
    began = time.monotonic()
    with held(turns), pytest.raises(NoTurn), turns.take(10):
        pass
    assert time.monotonic() - began < 5


def test_there_is_a_rest_of_twice_as_long_as_a_photo_took_whether_it_failed_or_not():
    turns = PhotoTurns(waiting=1)

    def fail() -> None:
        with turns.take(1):
            time.sleep(0.2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    ended = time.monotonic()
    with pytest.raises(NoTurn), turns.take(0.05):
        pass
    with turns.take(10):
        assert time.monotonic() - ended >= 0.39


@pytest.mark.parametrize("name", ADDRESSES)
def test_every_address_that_takes_photos_is_known(name, rf):
    turns = PhotoTurns(waiting=1)
    assert turns.needed(rf.post(reverse(name)))
    assert not turns.needed(rf.get(reverse(name)))
    assert not turns.needed(rf.post("/somewhere/"))


def test_photos_that_wait_keep_no_search_from_being_handled(settings, rf):
    settings.WEB_CONCURRENT, settings.WEB_WAITING, settings.WEB_WAIT = 2, 6, 10
    view = SlowView(lambda request: request.method == "POST")
    shop = Shedding(view)
    photos = [threading.Thread(target=shop, args=(rf.post(reverse("shop:photo")),)) for _ in range(4)]
    for photo in photos:
        photo.start()
    assert view.begun.wait(10)
    began = time.monotonic()
    assert shop(rf.get("/search/")).status_code == 200
    assert time.monotonic() - began < 5
    settings.WEB_WAIT = 0.05
    assert shop(rf.post(reverse("shop:photo"))).status_code == 503  # three wait already
    view.let_go.set()
    for photo in photos:
        photo.join()
