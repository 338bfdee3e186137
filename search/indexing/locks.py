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


def is_held(name: str) -> bool:
    """Return whether some process is inside a step that may run once at a time."""
    with connection.cursor() as cursor:
        # A lock of 64 bits is listed in two halves, as unsigned numbers.
        cursor.execute(
            """
            SELECT EXISTS (
                SELECT FROM pg_locks
                WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND (classid::bigint << 32) | objid::bigint = hashtextextended(%s, 0)
            )
            """,
            [f"fashion_search.{name}"],
        )
        return bool(cursor.fetchone()[0])
