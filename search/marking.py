"""Mark products as stale: what receivers do, and hosts after writes that send no signals."""

from collections.abc import Iterable

from django.db import connection

MARK_CHUNK = 5_000  # keys per statement

_MARK = """
INSERT INTO fashion_search_stalemark (product_key, marked_at, backfill, reread)
SELECT key, clock_timestamp(), %s, %s FROM unnest(%s::text[]) AS key
"""


def mark_stale(keys: Iterable[str], *, backfill: bool = False, reread: bool = True) -> int:
    """Mark products in the caller's transaction; one that waits or has failed already starts afresh.

    A mark is a row that is added and nothing else, so it waits for nobody: neither for another transaction
    that has marked the same product, nor for workers, nor for a build.

    Args:
        keys: product keys, `str(pk)`.
        backfill: many products are marked at once; changes made by people are indexed before them.
        reread: read the pictures again even where the content hash is unchanged, because a storage may
            have overwritten a file under its old name.

    Returns:
        The number of distinct products marked.
    """
    distinct = list(dict.fromkeys(keys))
    with connection.cursor() as cursor:
        for start in range(0, len(distinct), MARK_CHUNK):
            cursor.execute(_MARK, [backfill, reread, distinct[start : start + MARK_CHUNK]])
    return len(distinct)
