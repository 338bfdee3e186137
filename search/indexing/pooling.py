"""Connections of one's own, and what stands between them and Postgres.

A pooler such as PgBouncer hands a server's connection to whoever needs one. In session mode it does so for as long as a client
stays; in transaction mode for one transaction, so that all that a client leaves behind on its session - settings, locks,
cursors, prepared statements - is met by others; in statement mode there are no transactions at all.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from select import select
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import ConnStatus, ExecStatus

SAMPLES = 3  # connections that are opened beside each other to tell the mode of a pooler
SAMPLE_SECONDS = 1.0  # that each may take to answer
# A connection that waits for hours meanwhile must not be forgotten by what lies between; libpq's own names.
_KEPT_ALIVE = {"keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 6}
_PID = "SELECT pg_backend_pid()"


class Pooling(StrEnum):
    """What a connection leads through."""

    NONE = "none"
    SESSION = "session"
    TRANSACTION = "transaction"
    STATEMENT = "statement"


@contextmanager
def own_connection(alias: str = DEFAULT_DB_ALIAS) -> Iterator[BaseDatabaseWrapper]:
    """Open a connection beside the usual one, outside any pool of Django's and any transaction; it is closed afterwards."""
    own = connections[alias].copy()
    options = own.settings_dict["OPTIONS"]
    options.pop("pool", None)
    for name, value in _KEPT_ALIVE.items():
        options.setdefault(name, value)
    try:
        with own.wrap_database_errors:
            # Not by connect(), which tells signals that look around through the alias's usual connection.
            own.connection = own.get_new_connection(own.get_connection_params())
            own.connection.autocommit = True
            own.init_connection_state()
        yield own
    finally:
        own.close()


def is_pooled(connection: Any) -> bool:
    """Return whether somebody else than Postgres answered when a Django connection was opened: process numbers differ."""
    with connection.cursor() as cursor:
        cursor.execute(_PID)
        (pid,) = cursor.fetchone()
        return bool(pid != cursor.connection.info.backend_pid)


def find_pooling(alias: str = DEFAULT_DB_ALIAS) -> Pooling:
    """Find out what the connections of an alias lead through; takes some connections beside each other where it is a pooler.

    Where several of them are served by one server process, though all stay open, it is transaction mode. A pooler that
    cannot serve all of them at once is taken for one in transaction mode, which is the safe guess.
    """
    with ExitStack() as stack:
        first = stack.enter_context(own_connection(alias))
        if not is_pooled(first):
            return Pooling.NONE
        if not _has_transactions(first):
            return Pooling.STATEMENT
        opened = [first, *(stack.enter_context(own_connection(alias)) for _ in range(SAMPLES - 1))]
        seen = [[_server(one) for one in opened] for _ in range(2)]
    constant = seen[0] == seen[1] and None not in seen[0] and len(set(seen[0])) == SAMPLES
    return Pooling.SESSION if constant else Pooling.TRANSACTION


def _has_transactions(connection: BaseDatabaseWrapper) -> bool:
    raw = connection.connection
    try:
        with connection.wrap_database_errors:
            raw.execute("BEGIN")
            raw.execute("ROLLBACK")
    except Error as error:
        # PgBouncer closes the connection with this sentence; what else goes wrong is no matter of the mode.
        if "statement pooling" in str(error):
            return False
        raise
    return True


def _server(connection: BaseDatabaseWrapper) -> int | None:
    """Return the server process that answers, or None where none does in time."""
    raw = connection.connection.pgconn
    if raw.status != ConnStatus.OK:
        return None
    raw.send_query(_PID.encode())
    while raw.is_busy():
        if not select([raw.socket], [], [], SAMPLE_SECONDS)[0]:
            raw.finish()
            return None
        raw.consume_input()
    result = raw.get_result()
    while raw.get_result() is not None:
        continue
    if result is None or result.status != ExecStatus.TUPLES_OK:
        return None
    return int(result.get_value(0, 0))
