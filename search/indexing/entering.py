"""What comes into the outbox: the marks of changed products, gathered, and products that a build or a comparison enters.

Only workers, commands and pages of the admin write to the outbox, each in the order of product keys, so that no two of
them can deadlock; the order is that of their bytes, whatever the database's own is. The host's transactions add marks and
touch nothing else.
"""

# ruff: noqa: S608 - only constants of this module are put into statements

from collections.abc import Iterable

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from .brief import brief_transaction

CHUNK = 5_000  # products per statement
LOCK_TIMEOUT = "1s"  # that a worker waits for a build which is entering every product, before it goes on with what it has

_COLUMNS = "product_key, marked_at, backfill, reread, text_written, attempts, last_error, parked"
_ENTER = f"""
INSERT INTO fashion_search_staleproduct AS stale ({_COLUMNS})
SELECT key, clock_timestamp(), true, %s, false, 0, '', false FROM unnest(%s::text[]) AS key ORDER BY key COLLATE "C"
ON CONFLICT (product_key) DO
"""
_AFRESH = """
UPDATE SET marked_at = EXCLUDED.marked_at, text_written = false, backfill = EXCLUDED.backfill,
    reread = stale.reread OR EXCLUDED.reread, attempts = 0, claimed_at = NULL, next_attempt_at = NULL,
    last_error = '', parked = false
"""
_GATHER = f"""
WITH mark AS (
    DELETE FROM fashion_search_stalemark
    WHERE id = ANY(ARRAY(SELECT id FROM fashion_search_stalemark ORDER BY id LIMIT %s))
    RETURNING product_key, marked_at, backfill, reread
)
INSERT INTO fashion_search_staleproduct AS stale ({_COLUMNS})
SELECT product_key, max(marked_at), bool_and(backfill), bool_or(reread), false, 0, '', false
FROM mark GROUP BY product_key ORDER BY product_key COLLATE "C"
ON CONFLICT (product_key) DO
"""


def gather_marks(*, lock_timeout: str = "") -> None:
    """Move the marks that are committed into the outbox, where each product starts afresh.

    A claim on a product that has been marked since is taken away: a worker that read it before the change must
    not hold it back from one that would read it now.

    Args:
        lock_timeout: how long to wait for others, as Postgres has it; by default as long as the connection does.
    """
    gathered = CHUNK
    while gathered:
        with brief_transaction(), connection.cursor() as cursor:
            if lock_timeout:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [lock_timeout])
            # One at a time: two would wait for each other's rows instead.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('fashion_search.gather', 0))")
            cursor.execute(_GATHER + _AFRESH, [CHUNK])
            gathered = cursor.rowcount


def gather_what_can_be() -> None:
    """Gather marks, but not those that somebody else's long transaction is in the way of: a later round finds them."""
    try:
        gather_marks(lock_timeout=LOCK_TIMEOUT)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise


def enter(keys: Iterable[str], *, reread: bool) -> int:
    """Put products into the outbox as backfill; one that is in it already starts afresh; return how many.

    Args:
        keys: product keys.
        reread: read the pictures again even where the content hash is unchanged.
    """
    return _enter(keys, _ENTER + _AFRESH, reread=reread)


def enter_absent(keys: Iterable[str]) -> int:
    """Put products into the outbox as backfill, leaving alone those in it, parked ones too; return how many."""
    return _enter(keys, _ENTER + "NOTHING", reread=False)


def enter_for_reindex(keys: Iterable[str]) -> int:
    """Put products into the outbox as backfill, their pictures to be read again; return how many.

    What people have marked keeps its place: it is indexed as thoroughly, and stays should the reindex be cancelled.
    """
    return _enter(keys, _ENTER + _AFRESH + "WHERE stale.backfill OR stale.parked", reread=True)


def _enter(keys: Iterable[str], statement: str, *, reread: bool) -> int:
    with transaction.atomic():  # which the cursor of a query that is read in parts must not outlive
        distinct = sorted(set(keys))
    entered = 0
    with connection.cursor() as cursor:
        for start in range(0, len(distinct), CHUNK):
            cursor.execute(statement, [reread, distinct[start : start + CHUNK]])
            entered += cursor.rowcount
    return entered
