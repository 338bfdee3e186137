"""Steps that may run once at a time in the whole installation, whatever the queue delivers twice."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Hold a Postgres advisory lock; yields False where another process has it.

    The lock belongs to the database session: a killed process gives it back, and the server keeps it while it
    still works on a killed client's statement.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"fashion_search.{name}"])
        (taken,) = cursor.fetchone()
    try:
        yield taken
    finally:
        if taken and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"fashion_search.{name}"]
                )
