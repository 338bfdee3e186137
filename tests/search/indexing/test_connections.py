"""A host's time limits for requests end no work of the index, and nothing of that stays on a session."""

import pytest
from django.db import DatabaseError, connection, transaction

from search.exceptions import UnsafeConnection
from search.indexing import connections
from search.indexing import connections as module
from search.indexing.connections import Pooling, maintenance_cursor, unhurried


@pytest.fixture
def hurried(transactional_db):
    """Statements may last a tenth of a second."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '100ms'")
    yield
    connection.close()


@pytest.fixture
def hurried_database(transactional_db):
    """All connections' statements may last a tenth of a second."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET statement_timeout = '100ms'")
        cursor.execute(f"ALTER DATABASE {name} SET transaction_timeout = '200ms'")
    connection.close()
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} RESET ALL")
    connection.close()


def _limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return cursor.fetchone()[0]


def _session_limit() -> str:
    """The session's own, whatever a transaction has set."""
    with connection.connection.cursor() as cursor:
        return cursor.execute("SHOW statement_timeout").fetchone()[0]


def _sleep() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.3)")


def test_a_long_statement_ends_in_its_own_time(hurried):
    with pytest.raises(DatabaseError, match="statement timeout"):
        _sleep()
    unhurried()(_sleep)()

    assert _limit() == "100ms"


def test_a_long_transaction_ends_in_its_own_time(hurried_database):
    with pytest.raises(DatabaseError, match="statement timeout"):
        _sleep()
    with unhurried(), transaction.atomic():
        _sleep()
        with transaction.atomic():
            _sleep()
    assert _limit() == "100ms"


def test_nothing_is_set_on_the_session(hurried):
    with unhurried():
        assert _limit() == "0"
        assert _session_limit() == "100ms"
        with transaction.atomic():
            assert _limit() == "0"
        assert _session_limit() == "100ms"


def test_going_back_to_a_savepoint_keeps_them_lifted(hurried):
    with unhurried(), transaction.atomic():
        with pytest.raises(DatabaseError, match="division by zero"), transaction.atomic():
            _fail()
        assert _limit() == "0"


def test_a_limit_that_the_body_sets_itself_holds(hurried):
    with unhurried(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', '50ms', true)")
        assert _limit() == "50ms"
        with pytest.raises(DatabaseError, match="statement timeout"), transaction.atomic():
            _sleep()


def test_within_one_another(hurried):
    with unhurried():
        with unhurried():
            pass
        assert _limit() == "0"
    assert _limit() == "100ms"


def test_in_a_transaction_of_the_caller(hurried):
    with transaction.atomic():
        with unhurried():
            assert _limit() == "0"
        assert _limit() == "100ms"


def test_a_transaction_that_fails_within(hurried):
    with pytest.raises(DatabaseError, match="division by zero"), transaction.atomic():
        unhurried()(_fail)()
    assert _limit() == "100ms"


def _fail() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def test_a_connection_that_is_lost_within(hurried):
    def lose() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseError):
        unhurried()(lose)()
    connection.close()
    assert _limit() == "0"  # the new connection's own


def test_what_no_transaction_may_hold_has_a_connection_of_its_own(hurried_database):
    with maintenance_cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.3)")
        cursor.execute("SHOW transaction_timeout")
        assert cursor.fetchone() == ("0",)
    assert _limit() == "100ms"


def test_it_is_refused_inside_a_transaction(hurried):
    refused = pytest.raises(transaction.TransactionManagementError, match="outside transactions")
    with transaction.atomic(), refused, maintenance_cursor():
        pytest.fail("it would wait for this transaction")


def test_limits_that_a_pooler_would_give_to_others_are_named(hurried_database, monkeypatch):
    monkeypatch.setattr(module, "find_pooling", lambda alias: Pooling.TRANSACTION)
    with (
        pytest.raises(UnsafeConnection, match=r"statement_timeout = 100ms.*MAINTENANCE_DATABASE"),
        maintenance_cursor(),
    ):
        pytest.fail("it would be met by others")


def test_postgres_itself_is_no_pooler(transactional_db):
    assert not connections.is_pooled(connection)
    assert connections.find_pooling() is Pooling.NONE
