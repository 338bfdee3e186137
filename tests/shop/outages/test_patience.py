"""A statement that never comes back costs a page so many seconds, and no more."""

import time

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
