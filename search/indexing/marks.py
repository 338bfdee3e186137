"""What comes into the outbox, and the hints to workers that it has.

Receivers, and hosts after writes that send no signals, add marks: rows that touch nothing else, so that no transaction of the
host waits for another one. Builds, comparisons and pages of the admin put products into the outbox itself, each in the order of
product keys, so that no two of them can deadlock; the order is that of their bytes, whatever the database's own is.

A hint only saves the wait for the next sweep, because the outbox in Postgres is the queue of record. So it is sent after commit,
gives up quickly, and is never an error for the code that saved a product: a broker that is down or frozen costs one short wait per process
and half a minute.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from celery import current_app
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from ..prometheus import PUBLISH_FAILURES
from ..resilience import CircuitBreaker, broker_connection
from ..task_messages import TASKS
from .outbox import AFRESH, CHUNK, COLUMNS

# ruff: noqa: S608 - only constants of this module and its neighbour are put into statements

logger = logging.getLogger(__name__)

HINT_EXPIRES_SECONDS = 60.0  # hints that no worker took by then are dropped: a sweep has made newer ones

_MARK = """
INSERT INTO fashion_search_stalemark (product_key, marked_at, backfill, reread)
SELECT key, clock_timestamp(), %s, %s FROM unnest(%s::text[]) AS key
"""
_ENTER = f"""
INSERT INTO fashion_search_staleproduct AS stale ({COLUMNS})
SELECT key, clock_timestamp(), true, %s, false, 0, '', false FROM unnest(%s::text[]) AS key ORDER BY key COLLATE "C"
ON CONFLICT (product_key) DO
"""
_RELEASE = """
WITH due AS MATERIALIZED (
    SELECT id FROM fashion_search_staleproduct AS stale
    WHERE backfill AND NOT parked AND marked_at <= %(before)s AND (%(reread)s OR NOT reread)
        AND NOT EXISTS (
            SELECT FROM fashion_search_indexentry AS entry
            WHERE entry.product_key = stale.product_key AND entry.error <> ''
        )
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
DELETE FROM fashion_search_staleproduct WHERE id IN (SELECT id FROM due)
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
        for start in range(0, len(distinct), CHUNK):
            cursor.execute(_MARK, [backfill, reread, distinct[start : start + CHUNK]])
    return len(distinct)


def enter_products(keys: Iterable[str], *, reread: bool) -> int:
    """Put products into the outbox as backfill; one that is in it already starts afresh; return how many.

    Args:
        keys: product keys.
        reread: read the pictures again even where the content hash is unchanged.
    """
    return _enter(keys, _ENTER + AFRESH, reread=reread)


def enter_if_absent(keys: Iterable[str]) -> int:
    """Put products into the outbox as backfill, leaving alone those in it, parked ones too; return how many."""
    return _enter(keys, _ENTER + "NOTHING", reread=False)


def enter_for_reindex(keys: Iterable[str]) -> int:
    """Put products into the outbox as backfill, their pictures to be read again; return how many.

    What people have marked keeps its place: it is indexed as thoroughly, and stays should the reindex be cancelled.
    """
    return _enter(keys, _ENTER + AFRESH + "WHERE stale.backfill OR stale.parked", reread=True)


def _enter(keys: Iterable[str], statement: str, *, reread: bool) -> int:
    with transaction.atomic():  # which the cursor of a query that is read in parts must not outlive
        distinct = sorted(set(keys))
    entered = 0
    with connection.cursor() as cursor:
        for start in range(0, len(distinct), CHUNK):
            cursor.execute(statement, [reread, distinct[start : start + CHUNK]])
            entered += cursor.rowcount
    return entered


def release(*, before: datetime, reread: bool) -> int:
    """Let products leave the outbox that a build had marked, and that nothing else asks for; return how many.

    Those with an error in a version stay, because no comparison of content hashes would find them again.

    Args:
        before: only what was marked by then.
        reread: those whose pictures were to be read again, too.
    """
    released = 0
    while True:
        # In parts, each committed: a request that saves one of these products waits for as long as a part takes.
        with connection.cursor() as cursor:
            cursor.execute(_RELEASE, {"before": before, "reread": reread, "limit": CHUNK})
            if not cursor.rowcount:
                return released
            released += cursor.rowcount


breaker = CircuitBreaker(seconds=30.0)  # after a failure nothing is published for this long
# Connection -> the list of on_commit hooks that holds this transaction's hint. Django starts a new list with every
# transaction, so the same list means the same transaction.
_hinted: WeakKeyDictionary[Any, list[Any]] = WeakKeyDictionary()


def hint_after_commit() -> None:
    """Send the workers a hint after commit, once per transaction, that the outbox has something for them."""
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
