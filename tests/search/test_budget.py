import time

import pytest
from django.db import OperationalError, connection
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from search.indexing.connections import own_connection
from search.query.lexicon import forget_words, word_list_of, words_of
from search.session import OutOfTime, Watch, is_out_of_time, left_ms, search_session, time_budget
from tests.search.indexed import make_version

pytestmark = pytest.mark.django_db


def sleep(seconds):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def timeout():
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'")
        return cursor.fetchone()[0]


def test_many_short_statements_have_one_limit_together(search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 300}
    began = time.monotonic()

    def sleep_often():
        with search_session():
            for _ in range(20):
                sleep(0.3)

    with pytest.raises(OperationalError) as caught:
        sleep_often()
    assert is_out_of_time(caught.value)
    assert 0.2 < time.monotonic() - began < 4


def test_the_limit_of_a_statement_is_what_is_left(search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 2000}
    with search_session(10_000):
        assert timeout() == 10_000
        sleep(2.5)
        assert 3000 < timeout() <= 7500
    before = timeout()
    with search_session():
        assert timeout() == 2000
    assert timeout() == before


def test_a_statement_is_not_begun_when_the_time_is_up(search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 50}

    def begin_late():
        with search_session():
            time.sleep(0.06)
            sleep(0)

    with pytest.raises(OutOfTime):
        begin_late()


def test_sessions_of_one_budget_share_it(search_settings):
    with time_budget(1500):
        with search_session():
            sleep(0.5)
        with search_session():
            assert timeout() < 1050
        with time_budget(5000):
            assert left_ms(2000) < 1050
    assert left_ms(2000) == 2000


def test_other_errors_are_none_of_time(search_settings):
    with (
        pytest.raises(Exception, match="does not exist") as caught,
        search_session(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT nothing")
    assert not is_out_of_time(caught.value)


def test_time_cannot_be_kept_outside_a_transaction(transactional_db):
    with connection.execute_wrapper(Watch(1000)), pytest.raises(TransactionManagementError):
        sleep(0)


def test_a_connection_lost_while_a_limit_is_set_is_an_error_of_django(transactional_db):
    def lose():
        with search_session(2000):
            sleep(0.5)
            pid = connection.connection.info.backend_pid
            with own_connection() as other, other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 1000)", [pid])
            sleep(0)

    with pytest.raises(OperationalError, match="terminating connection"):
        lose()
    connection.close()


@pytest.mark.parametrize(
    ("read", "table"),
    [
        (lambda version: words_of(version, ()), "fashion_search_versionlexicon"),
        (lambda version: word_list_of(version.pk), "fashion_search_wordlist"),
    ],
)
def test_what_a_process_keeps_is_read_in_the_time_of_a_search(tiny_artifact, read, table):
    version = make_version(tiny_artifact)
    forget_words()
    with CaptureQueriesContext(connection) as asked:
        read(version)
    sql = [query["sql"] for query in asked.captured_queries]
    limited = next((number for number, one in enumerate(sql) if "statement_timeout" in one), len(sql))
    assert min(number for number, one in enumerate(sql) if f'FROM "{table}"' in one) > limited
