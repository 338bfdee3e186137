"""The servers of the tests are the real ones."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_the_test_database_is_a_postgres_with_pgvector():
    with connection.cursor() as cursor:
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        version = tuple(map(int, cursor.fetchone()[0].split(".")))
    assert version >= (0, 8, 4)
