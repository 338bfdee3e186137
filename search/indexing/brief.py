"""Transactions of workers that hold what others wait for, and must end although their worker is frozen or cut off."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

IDLE_SECONDS = 30  # between two statements; a worker that is alive needs none


@contextmanager
def brief_transaction() -> Iterator[None]:
    """Open a transaction that Postgres ends, with its connection, should its worker fall silent inside it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
        yield
