"""Which database this is, as Postgres itself says.

Two shops on one Redis may have the same namespace without knowing; what identifies their databases, no copy of a database has.
"""

from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

KNOWN_SECONDS = (
    60.0  # how long a process trusts what it knows of its database; its name may lead to another one later
)
_DATABASE = "(SELECT oid FROM pg_database WHERE datname = current_database())"
_ASK = f"SELECT system_identifier, {_DATABASE}, pg_postmaster_start_time() FROM pg_control_system()"  # noqa: S608
# Where a provider keeps pg_control_system() to itself.
_ASK_LESS = f"SELECT inet_server_addr()::text, {_DATABASE}, pg_postmaster_start_time()"


@dataclass(frozen=True, slots=True)
class Identity:
    """A database as Postgres knows it, whatever it is called by those who connect."""

    database: str  # the same on a standby that is promoted; another one for a dump that is restored
    started: str  # when its server started; distinguishes two copies of one disk


def read_identity() -> Identity:
    """Ask Postgres which database this is.

    Raises:
        DatabaseError: it did not answer.
    """
    try:
        row = _ask(_ASK)
    except DatabaseError:
        row = _ask(_ASK_LESS)
    server, database, started = row
    return Identity(f"{server}/{database}", started.isoformat())


def database_identity(*, afresh: bool = False) -> str:
    """Return which database this is, as this process knows it; "" where Postgres cannot be asked.

    Args:
        afresh: ask, however lately it was asked.
    """
    global _known
    named = str(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])
    if not afresh and _known and _known[0] == named and monotonic() < _known[2]:
        return _known[1]
    try:
        _known = (named, read_identity().database, monotonic() + KNOWN_SECONDS)
    except DatabaseError:
        return ""
    return _known[1]


def _ask(statement: str) -> tuple[str, int, datetime]:
    # A savepoint inside a transaction of the host, which an error would otherwise end.
    with transaction.atomic(using=DEFAULT_DB_ALIAS), connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(statement)
        row: tuple[str, int, datetime] = cursor.fetchone()
    return row


_known: tuple[str, str, float] | None = None  # name of the database, its identity, until when it is trusted
