import time

import pytest
from django.db import InternalError, connection, transaction

from search.indexing import connections

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_transaction_of_a_worker_that_falls_silent_is_ended(monkeypatch):
    monkeypatch.setattr(connections, "IDLE_SECONDS", 1)

    def fall_silent() -> None:
        with connections.brief_transaction(), connection.cursor() as cursor:
            time.sleep(2)
            cursor.execute("SELECT 1")

    try:
        with pytest.raises(InternalError, match="idle-in-transaction timeout"):
            fall_silent()
    finally:
        connection.close()


def test_other_transactions_may_be_silent():
    with connections.brief_transaction():
        pass
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("0",)
