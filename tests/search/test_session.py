import pytest
from django.db import OperationalError, connection, transaction

from search.session import search_session

NAMES = ("statement_timeout", "hnsw.iterative_scan", "hnsw.ef_search", "hnsw.max_scan_tuples")


def current() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT '[1]'::halfvec(1)")  # loads pgvector, whose settings exist from then on
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in NAMES))
        return list(cursor.fetchone())


@pytest.mark.django_db
def test_settings_hold_inside_and_end_inside_a_callers_transaction(search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
        "EF_SEARCH": 321,
        "MAX_SCAN_TUPLES": 777,
        "SEARCH_TIMEOUT_MS": 1500,
    }
    before = current()

    with search_session():
        assert current() == ["1500ms", "relaxed_order", "321", "777"]

    assert current() == before


@pytest.mark.django_db(transaction=True)
def test_settings_end_with_a_transaction_of_its_own():
    before = current()

    with search_session():
        assert current() != before

    assert current() == before


@pytest.mark.django_db
def test_a_slow_statement_is_ended_and_the_callers_transaction_lives_on(search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 20}
    before = current()

    with (
        pytest.raises(OperationalError, match="statement timeout"),
        search_session(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_sleep(5)")

    assert current() == before


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_meets_pgvector_within_a_callers_transaction_takes_its_settings_back(
    search_settings,
):
    """As where a host has a transaction around each request: the first search of a new connection looks for words alone."""
    connection.close()
    with transaction.atomic():
        with search_session(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        with search_session(), connection.cursor() as cursor:
            cursor.execute("SELECT '[1]'::halfvec(1)")
        assert current()[1:] == ["off", "40", "20000"]  # pgvector's own
    assert current()[1:] == ["off", "40", "20000"]
