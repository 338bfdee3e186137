"""A host's time limits for requests end no work of the index, and hold again afterwards."""

import pytest
from django.db import DatabaseError, connection, transaction

from search.indexing.unhurried import unhurried


@pytest.fixture
def hurried(transactional_db):
    """Statements may last a tenth of a second."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '100ms'")
    yield
    connection.close()


def _limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return cursor.fetchone()[0]


def _sleep() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.3)")


def test_a_long_statement_ends_in_its_own_time(hurried):
    with pytest.raises(DatabaseError, match="statement timeout"):
        _sleep()
    unhurried()(_sleep)()

    assert _limit() == "100ms"


def test_within_one_another(hurried):
    with unhurried():
        with unhurried():
            pass
        assert _limit() == "0"
    assert _limit() == "100ms"


def test_a_transaction_that_fails_within(hurried):
    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    with pytest.raises(DatabaseError, match="division by zero"), transaction.atomic():
        unhurried()(fail)()
    assert _limit() == "100ms"


def test_a_connection_that_is_lost_within(hurried):
    def lose() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseError):
        unhurried()(lose)()
    connection.close()
    assert _limit() == "0"  # the new connection's own
