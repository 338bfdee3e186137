"""A statement that never comes back costs a page so many seconds, and no more."""

import time
from threading import Thread

import pytest
from django.db import OperationalError, connections
from django.test import override_settings

from shop.outages.patience import DatabasePatience, Watch


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
