"""What comes into the outbox: the marks of changed products, gathered, and products that a build or a comparison enters.

Only workers, commands and pages of the admin write to the outbox, each in the order of product keys, so that no two of
them can deadlock; the order is that of their bytes, whatever the database's own is. The host's transactions add marks and
touch nothing else.
"""

import logging
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from celery import current_app
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections, transaction
from psycopg.errors import LockNotAvailable

from ..messages import TASKS
from ..prometheus import PUBLISH_FAILURES
from ..resilience import CircuitBreaker, broker_connection
from .connections import brief_transaction

# ruff: noqa: S608 - only constants of this module are put into statements


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


# Mark products as stale: what receivers do, and hosts after writes that send no signals.


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


# Hints to the workers: sent after commit, quick to give up, never an error for whoever saved a product.
#
# A
# hint only saves the wait for the next sweep, because the outbox in Postgres is the queue of record. So a
# broker that is down or frozen costs one short wait per process and half a minute, and nothing else.


logger = logging.getLogger(__name__)

HINT_EXPIRES_SECONDS = 60.0  # hints that no worker took by then are dropped: a sweep has made newer ones


breaker = CircuitBreaker(seconds=30.0)  # after a failure nothing is published for this long
# Connection -> the list of on_commit hooks that holds this transaction's hint. Django starts a new list with every
# transaction, so the same list means the same transaction.
_hinted: WeakKeyDictionary[Any, list[Any]] = WeakKeyDictionary()


def hint_after_commit() -> None:
    """Have a worker told, once per transaction, that the outbox has something for it."""
    connection = connections[DEFAULT_DB_ALIAS]  # not the proxy: the key of a weak dictionary must be hashable
    hooks = connection.run_on_commit
    if not connection.in_atomic_block:
        publish("index_stale")
    elif _hinted.get(connection) is not hooks:
        _hinted[connection] = hooks
        # A lambda: Django 5.2 fails on a functools.partial here when it is robust and raises.
        transaction.on_commit(lambda: _publish_hint(), robust=True)


def _publish_hint() -> None:
    publish("index_stale")


def publish(task: str, *args: Any, times: int = 1, expires: float | None = HINT_EXPIRES_SECONDS) -> bool:
    """Ask the workers to run one of the plugin's tasks; never raises and waits at most 2.5 s.

    Args:
        task: name of a function in `tasks`.
        args: its arguments.
        times: how many messages, for tasks that share their work.
        expires: seconds after which no worker need begin; None for requests made by a person.

    Returns:
        False where the broker could not be reached; what is in the outbox is then found by the next sweep.
    """
    if breaker.is_open():
        return False
    try:
        with broker_connection() as broker:
            for _ in range(times):
                current_app.send_task(
                    f"{TASKS}{task}",
                    args,
                    connection=broker,
                    retry=False,
                    expires=expires,
                    ignore_result=True,
                )
    except Exception as error:  # noqa: BLE001 - kombu, redis, socket and amqp errors share no base class
        breaker.open()
        PUBLISH_FAILURES.inc()
        logger.warning("The broker did not take a hint, and gets none for %d s: %s", breaker.seconds, error)
        return False
    breaker.close()
    return True
