"""The shop stays answering while too many requests come, and while Postgres or the storage does not answer."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import reverse

from shop.models import Category, Product
from shop.overload import ADDRESSES, DatabasePatience, NoTurn, PhotoTurns, Shedding, Watch
from tests.shop.pictures import jpeg


class SlowView:
    """Answers at once, but requests that `slow` picks once `let_go` is set; `begun` is set as soon as one of these has come."""

    def __init__(self, slow: Callable[[HttpRequest], bool]) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()
        self._slow = slow

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._slow(request):
            self.begun.set()
            self.let_go.wait(10)
        return HttpResponse("done")


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
    assert order.index("corsheaders.middleware.CorsMiddleware") < order.index("shop.overload.Shedding")


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


def test_a_photo_that_finds_no_place_to_wait_is_turned_away_at_once():
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
    photos = [
        threading.Thread(target=shop, args=(rf.post(reverse("fashion_search_pages:photo")),))
        for _ in range(4)
    ]
    for photo in photos:
        photo.start()
    assert view.begun.wait(10)
    began = time.monotonic()
    assert shop(rf.get("/search/")).status_code == 200
    assert time.monotonic() - began < 5
    settings.WEB_WAIT = 0.05
    assert shop(rf.post(reverse("fashion_search_pages:photo"))).status_code == 503  # three wait already
    view.let_go.set()
    for photo in photos:
        photo.join()


def test_a_statement_that_does_not_come_back_is_given_up(transactional_db):
    began = time.monotonic()
    with (
        Watch(1.0).over(connections["default"]),
        pytest.raises(OperationalError),
        connections["default"].cursor() as cursor,
    ):
        cursor.execute("SELECT pg_sleep(3)")
    connections["default"].close()

    assert 0.9 < time.monotonic() - began < 2.5
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_quick_statements_go_on_for_as_long_as_they_like(transactional_db):
    until = time.monotonic() + 2.5
    with Watch(1.0).over(connections["default"]), connections["default"].cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT 1")
            time.sleep(0.05)
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@override_settings(DATABASE_PATIENCE=1)
def test_a_page_that_postgres_does_not_answer_raises_in_time(transactional_db, rf):
    def view(_request):
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_sleep(3)")

    began = time.monotonic()
    with pytest.raises(OperationalError):
        DatabasePatience(view)(rf.get("/"))
    connections["default"].close()
    assert time.monotonic() - began < 2.5


def test_every_handler_of_a_process_has_the_same_thread(transactional_db):
    def threads() -> int:
        return sum(thread.name == "database-patience" for thread in threading.enumerate())

    Client().get("/api/v1/")
    before = threads()
    for _ in range(5):
        Client().get("/api/v1/")
    assert (before > 0, threads()) == (True, before)


def test_what_cannot_be_watched_ends_no_watch(transactional_db, caplog):
    class Strange:
        @property
        def connection(self):
            raise AttributeError("no connection")

    watch = Watch(1.0)
    with (
        watch.over(Strange()),
        watch.over(connections["default"]),
        pytest.raises(OperationalError),
        connections["default"].cursor() as cursor,
    ):
        cursor.execute("SELECT pg_sleep(3)")
    connections["default"].close()
    assert "A connection cannot be watched; the others are." in caplog.text


def test_a_watch_whose_thread_has_ended_is_kept_by_another(transactional_db):
    watch = Watch(1.0)
    with watch.over(connections["default"]):
        watch._thread = Thread(target=lambda: None)  # as one that has ended
        watch._thread.start()
        watch._thread.join()
    with watch.over(connections["default"]):
        assert watch._thread.is_alive()


PAGES = ("/", "/search/?q=shirt", "/categories/shirts/", "/products/any/", "/admin/login/?next=/admin/")


def _away(*_arguments):
    raise OperationalError("server closed the connection unexpectedly")


def _broken(*_arguments):
    raise ZeroDivisionError


@pytest.fixture
def shopper() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("page", PAGES[:4])
def test_pages_ask_to_try_again_while_postgres_is_away(db, shopper, page):
    with connection.execute_wrapper(_away):
        answer = shopper.get(page)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "try again in a few seconds" in answer.content.decode()


def test_the_api_does_so_in_json(db, shopper):
    with connection.execute_wrapper(_away):
        answer = shopper.get("/api/v1/search/?q=shirt")

    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert answer.json()["error"]["code"] == "unavailable"


def test_a_mistake_of_ours_is_no_outage(db, shopper):
    with connection.execute_wrapper(_broken):
        answer = shopper.get("/")

    assert answer.status_code == 500
    assert "Retry-After" not in answer
    assert "A thread came loose" in answer.content.decode()


def test_a_page_that_needs_a_storage_which_does_not_answer_asks_to_try_again(
    admin_client, settings, monkeypatch
):
    """Such as the admin's, while a picture is uploaded."""
    settings.FASHION_SEARCH = {"STORAGE_SECONDS": 1}
    gate = threading.Event()
    monkeypatch.setattr(FileSystemStorage, "_save", lambda *_: gate.wait(60))
    category = Category.objects.create(name="Shirts", slug="shirts")
    product = Product.objects.create(sku="A1", slug="a1", name="Shirt", category=category)
    form = {
        "sku": "A1", "name": "Shirt", "slug": "a1", "category": category.pk, "price": "1", "currency": "EUR", "attributes": "{}",
        "created_0": "2026-01-01", "created_1": "00:00:00",
        "images-TOTAL_FORMS": 1, "images-INITIAL_FORMS": 0, "images-0-position": 0, "images-0-product": product.pk,
        "images-0-image": SimpleUploadedFile("a.jpg", jpeg()),
        "variants-TOTAL_FORMS": 0, "variants-INITIAL_FORMS": 0,
    }  # fmt: skip
    admin_client.raise_request_exception = False
    try:
        answer = admin_client.post(reverse("admin:shop_product_change", args=[product.pk]), form)
    finally:
        gate.set()
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5")
    assert "Pictures cannot be stored or read at the moment" in answer.content.decode()
    assert product.images.count() == 0
