"""Put products into the outbox: what receivers do, and hosts after writes that send no signals."""

from collections.abc import Iterable

from django.db import connection

MARK_CHUNK = 5_000  # keys per statement

_MARK = """
INSERT INTO fashion_search_staleproduct AS stale
    (product_key, marked_at, backfill, reread, text_written, attempts, last_error, parked)
SELECT key, clock_timestamp(), %s, %s, false, 0, '', false FROM unnest(%s::text[]) AS key ORDER BY key
ON CONFLICT (product_key) DO
"""

_MARK_AGAIN = """
UPDATE SET marked_at = EXCLUDED.marked_at, text_written = false, backfill = EXCLUDED.backfill,
    reread = stale.reread OR EXCLUDED.reread, attempts = 0, claimed_at = NULL, next_attempt_at = NULL,
    last_error = '', parked = false
"""


def mark_stale(keys: Iterable[str], *, backfill: bool = False, reread: bool = True) -> int:
    """Put products into the outbox, in the caller's transaction; one that is in it already starts afresh.

    Args:
        keys: product keys, `str(pk)`.
        backfill: many products are marked at once; changes made by people are indexed before them.
        reread: read the pictures again even where the content hash is unchanged, because a storage may
            have overwritten a file under its old name.

    Returns:
        The number of distinct products marked.
    """
    return _mark(keys, _MARK + _MARK_AGAIN, backfill=backfill, reread=reread)


def mark_unmarked(keys: Iterable[str]) -> int:
    """Put products into the outbox as backfill, leaving alone those in it, parked ones too; return how many."""
    return _mark(keys, _MARK + "NOTHING", backfill=True, reread=False)


def mark_for_reindex(keys: Iterable[str]) -> int:
    """Put products into the outbox as backfill, their pictures to be read again; return how many.

    What people have marked keeps its place: it is indexed as thoroughly, and stays should the reindex be cancelled.
    """
    again = _MARK_AGAIN + "WHERE stale.backfill OR stale.parked"
    return _mark(keys, _MARK + again, backfill=True, reread=True)


def _mark(keys: Iterable[str], statement: str, *, backfill: bool, reread: bool) -> int:
    # Sorted, so that two transactions which mark the same products in one call each cannot deadlock.
    distinct = sorted(set(keys))
    marked = 0
    with connection.cursor() as cursor:
        for start in range(0, len(distinct), MARK_CHUNK):
            cursor.execute(statement, [backfill, reread, distinct[start : start + MARK_CHUNK]])
            marked += cursor.rowcount
    return marked
