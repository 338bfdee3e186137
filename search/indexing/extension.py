"""The pgvector extension: which version the database has, and which one the index needs."""

from django.db import connection

# 0.8.2 fixed CVE-2026-3172, 0.8.3 corruption of HNSW indexes by vacuum, 0.8.4 graphs that stayed unrepaired.
MINIMUM = (0, 8, 4)


def installed_version() -> tuple[int, ...] | None:
    """Return the version of pgvector in the database, or None where it is not installed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        row = cursor.fetchone()
    return tuple(int(part) for part in row[0].split(".")) if row else None
