"""Connections for work of the index that no request waits for, and that a host's time limits for requests must not end.

A pooler such as PgBouncer gives a server's connection to any client that needs one: in session mode for as long as a client stays; in
transaction mode for one transaction, so that whatever a client leaves on its session (settings, locks, cursors, prepared statements)
affects other clients; in statement mode there are no transactions at all.

So limits are lifted inside transactions only, and end with them. Statements that cannot run in a transaction get a connection of
their own.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from select import select
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import ConnStatus, ExecStatus

from ..conf import get_settings
from ..exceptions import UnsafeConnection

SAMPLES = 3  # connections that are open at the same time, to find out the mode of a pooler
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
    """Open an additional connection, outside any pool of Django's and any transaction; it is closed afterwards."""
    own = connections[alias].copy()
    options = own.settings_dict["OPTIONS"]
    options.pop("pool", None)
    for name, value in _KEPT_ALIVE.items():
        options.setdefault(name, value)
    try:
        with own.wrap_database_errors:
            # Not by connect(): its signal has receivers that use the alias's usual connection.
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
    """Find out what the connections of an alias lead through; opens several at a time where it is a pooler.

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


# A limit on silence inside a transaction stays: it frees the locks of a process that has frozen.
_NAMES = ("statement_timeout", "lock_timeout")
_SINCE_17 = "transaction_timeout"


@contextmanager
def unhurried() -> Iterator[None]:
    """Lift the time limits of this connection's statements while the body runs; also a decorator, and may be nested.

    A statement outside a transaction gets one of its own. Inside a transaction of the caller the former limits are put back,
    because SET LOCAL outlives a savepoint.
    """
    if any(isinstance(wrapper, _Lifted) for wrapper in connection.execute_wrappers):
        yield
        return
    before = read_limits(connection) if connection.in_atomic_block else {}
    lifted = _Lifted()
    if before:
        lifted.lift()
    try:
        with connection.execute_wrapper(lifted):
            yield
    finally:
        if before and connection.in_atomic_block and connection.connection is not None:
            with suppress(Error):  # a transaction that failed has taken the limits back itself
                _set(connection, before, local=True)


@contextmanager
def maintenance_cursor(**settings: str) -> Iterator[Any]:
    """Yield a cursor without time limits for statements that no transaction may hold, such as CREATE INDEX CONCURRENTLY.

    It has a connection of its own, to MAINTENANCE_DATABASE, so that what is set on its session ends with it.

    Args:
        settings: further settings of Postgres, by name.

    Raises:
        UnsafeConnection: a pooler stands between, behind which these settings would be met by others.
        TransactionManagementError: a transaction is open, which the statement would wait for without end.
    """
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "Indexes are built and dropped outside transactions: the statement would wait for this one without end."
        )
    alias = maintenance_alias()
    with own_connection(alias) as own:
        limits = {name: value for name, value in read_limits(own).items() if value != "0"}
        wanted = {**dict.fromkeys(limits, "0"), **settings}
        if wanted:
            if find_pooling(alias) not in (Pooling.NONE, Pooling.SESSION):
                raise UnsafeConnection(unsafe_settings(alias, limits or settings))
            _set(own, wanted, local=False)
        with own.cursor() as cursor:
            yield cursor


def maintenance_alias() -> str:
    """Return the alias in DATABASES that indexes are built through."""
    return get_settings().maintenance_database or DEFAULT_DB_ALIAS


def unsafe_settings(alias: str, settings: dict[str, str]) -> str:
    """Return the sentence for people that says why indexes cannot be built through an alias, and what to do."""
    named = ", ".join(f"{name} = {value}" for name, value in settings.items())
    return (
        f"The database {alias!r} is reached through a pooler in transaction mode, where its settings ({named}) cannot be"
        " changed for building an index. Set FASHION_SEARCH['MAINTENANCE_DATABASE'] to an alias in DATABASES that"
        " leads past the pooler, or change them for the role."
    )


def read_limits(connection: Any) -> dict[str, str]:
    """Return the limits of a connection's session by name, "0" for none."""
    names = _names(connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
        return dict(zip(names, cursor.fetchone(), strict=True))


def _names(connection: Any) -> tuple[str, ...]:
    return (*_NAMES, _SINCE_17) if connection.pg_version >= 170_000 else _NAMES


def _set(connection: BaseDatabaseWrapper | Any, limits: dict[str, str], *, local: bool) -> None:
    calls = ", ".join("set_config(%s, %s, %s)" for _ in limits)
    parameters = [part for name, limit in limits.items() for part in (name, limit, local)]
    # Not through Django, whose wrappers would watch this statement, too.
    with connection.wrap_database_errors:
        connection.connection.execute(f"SELECT {calls}", parameters)


class _Lifted:
    """A wrapper of statements that lifts the limits at the first one of each transaction."""

    def __init__(self) -> None:
        # Django starts a new list with every transaction, so the same list means the same transaction.
        self._transaction: list[Any] | None = None

    def lift(self) -> None:
        """Lift the limits of the transaction that is open, once."""
        if self._transaction is not connection.run_on_commit:
            _set(connection, dict.fromkeys(_names(connection), "0"), local=True)
            self._transaction = connection.run_on_commit

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        # A savepoint is a statement, too: the limits are lifted before it, so that going back to it keeps them.
        if connection.in_atomic_block:
            if not connection.needs_rollback:
                self.lift()
            return execute(sql, params, many, context)
        with transaction.atomic():
            self.lift()
            return execute(sql, params, many, context)
