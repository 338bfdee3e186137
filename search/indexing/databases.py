"""What the index needs of the databases in the settings: routers, poolers, a primary, a text search configuration, pgvector.

Entries and queries must be cut into words by one text search configuration, or words are not found that are there. So each version
keeps its own, and another one in the settings takes effect with the next version.
"""

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, router, transaction

from ..conf import get_settings
from ..exceptions import NoIndexRegistered, TextConfigError
from ..models import IndexVersion
from ..registry import describe_failure, get_index
from ..session import WRITER, WriterRouter, host_routers, pinned, writer_of
from .connections import (
    Pooling,
    find_pooling,
    maintenance_alias,
    own_connection,
    read_limits,
    unsafe_settings,
)

# 0.8.2 fixed CVE-2026-3172, 0.8.3 corruption of HNSW indexes by vacuum, 0.8.4 graphs that stayed unrepaired.
MINIMUM = (0, 8, 4)  # version of pgvector
READ_ONLY = (
    f"The database {WRITER!r} takes no writes: it is a standby, or set to read only. Searches are answered as the index"
    " was; products cannot be saved and nothing is indexed."
)
# Distinguishes a database of a server from all others; a copy of its files runs since another moment.
_IDENTITY = "SELECT pg_postmaster_start_time(), current_database()"


def find_misrouted() -> list[str]:
    """Return a sentence for each way in which the host's routers keep the index from working as it should."""
    found = []
    before = router.routers[: _place_of_ours()]
    for name, method in (("read from", "db_for_read"), ("written to", "db_for_write")):
        for one in before:
            alias = getattr(one, method, lambda model: None)(IndexVersion)
            if alias not in (None, WRITER):
                found.append(
                    f"{_name(one)} stands before the plugin's router and has the index {name} {alias!r} instead of"
                    f" {WRITER!r}, where its settings and transactions are."
                )
    found += [] if found else _misplaced_products()
    for one in host_routers():
        allows = getattr(one, "allow_migrate", lambda *args, **hints: None)
        if allows(WRITER, "fashion_search", model_name="indexversion") is False:
            found.append(
                f"{_name(one)} keeps the tables of fashion_search out of {WRITER!r}, where they belong."
            )
    return found


def find_unusable() -> list[str]:
    """Return a sentence for each way in which the connections in the settings cannot work at all."""
    alias = maintenance_alias()
    if alias not in settings.DATABASES:
        return [f"FASHION_SEARCH['MAINTENANCE_DATABASE'] names {alias!r}, which DATABASES does not have."]
    found = [
        f"The database {one!r} is reached through a pooler in statement mode, which refuses transactions; nothing of the"
        " index works without them."
        for one in dict.fromkeys((WRITER, alias))
        if find_pooling(one) is Pooling.STATEMENT
    ]
    if alias != WRITER and not found and _identity(alias) != _identity(WRITER):
        found.append(
            f"FASHION_SEARCH['MAINTENANCE_DATABASE'] names {alias!r}, which leads to another database than {WRITER!r}: its"
            " indexes would be built there."
        )
    return found


def find_missing_replicas() -> list[str]:
    """Return a sentence for each of READ_REPLICAS that there is not."""
    return [
        f"FASHION_SEARCH['READ_REPLICAS'] names {alias!r}, which DATABASES does not have."
        for alias in get_settings().read_replicas
        if alias not in settings.DATABASES
    ]


def find_pointless_replicas() -> list[str]:
    """Return a sentence for each of READ_REPLICAS that searches are never read from, as it is no standby, or all are in a transaction.

    One that cannot be reached may be one; the dashboard says so.
    """
    found = []
    if get_settings().read_replicas and connections[WRITER].settings_dict["ATOMIC_REQUESTS"]:
        found.append(
            "FASHION_SEARCH['READ_REPLICAS'] is set, and DATABASES has ATOMIC_REQUESTS: requests read what is in their transaction, so"
            " searches in them go to the primary. Put @transaction.non_atomic_requests on the views that search, or leave it out."
        )
    for alias in get_settings().read_replicas:
        if alias == WRITER:
            found.append(f"FASHION_SEARCH['READ_REPLICAS'] names {alias!r}, which is the primary.")
        elif alias in settings.DATABASES:
            with suppress(DatabaseError):
                if _identity(alias) == _identity(WRITER):
                    found.append(
                        f"FASHION_SEARCH['READ_REPLICAS'] names {alias!r}, which leads to the primary itself."
                    )
                elif not _is_standby(alias):
                    found.append(f"FASHION_SEARCH['READ_REPLICAS'] names {alias!r}, which is no standby.")
    return found


def find_unsafe() -> list[str]:
    """Return a sentence for each thing that a pooler in transaction mode would give to others, or refuse."""
    found = []
    alias = maintenance_alias()
    if find_pooling(alias) is Pooling.TRANSACTION:
        with own_connection(alias) as own:
            limits = {name: value for name, value in read_limits(own).items() if value != "0"}
        if limits:
            found.append(unsafe_settings(alias, limits))
    if find_pooling(WRITER) is Pooling.TRANSACTION:
        options = connections[WRITER].settings_dict["OPTIONS"]
        through = (
            f"The database {WRITER!r} is reached through a pooler in transaction mode, and its OPTIONS have "
        )
        if options.get("prepare_threshold") is not None:
            found.append(
                f"{through}prepare_threshold: prepared statements are met by others, or missing, unless it is PgBouncer 1.21"
                " or newer with max_prepared_statements. Leave the option out."
            )
        if options.get("assume_role"):
            found.append(
                f"{through}assume_role: the role stays on a connection that others get. Let the pooler log in as that role."
            )
    return found


def is_read_only() -> bool:
    """Return whether nothing can be written, as on a standby that was not promoted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool")
        return bool(cursor.fetchone()[0])


def _misplaced_products() -> list[str]:
    try:
        index = get_index()
    except NoIndexRegistered:
        return []
    label = index.model._meta.label
    if (alias := writer_of(index.model) or DEFAULT_DB_ALIAS) != WRITER:
        return [
            f"{label} is written to the database {alias!r}, the index to {WRITER!r}: a change and its mark are not one"
            " transaction, and no statement can compare the two."
        ]
    try:
        with pinned():
            alias = index.get_queryset().db
    except Exception as error:  # noqa: BLE001 - the host's code
        return [f"Nobody knows where {label} is read: {describe_failure('get_queryset', error)}."]
    if alias != WRITER:
        return [
            f"get_queryset() of {label} asks for the database {alias!r} by using(); the index reads {WRITER!r}, where the"
            " products are written."
        ]
    return []


def _place_of_ours() -> int:
    return next((place for place, one in enumerate(router.routers) if isinstance(one, WriterRouter)), 0)


def _name(one: Any) -> str:
    return f"{type(one).__module__}.{type(one).__qualname__}"


def _identity(alias: str) -> Any:
    with own_connection(alias) as own, own.cursor() as cursor:
        cursor.execute(_IDENTITY)
        return cursor.fetchone()


def _is_standby(alias: str) -> bool:
    with own_connection(alias) as own, own.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        return bool(cursor.fetchone()[0])


def try_text_config(name: str) -> None:
    """Have Postgres use a text search configuration.

    Raises:
        TextConfigError: it knows none of this name, or cannot use it.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Used, not only looked up: a number counts as a name, and a dictionary's file may be missing.
            cursor.execute("SELECT to_tsvector(%s::regconfig, 'a shirt')", [name])
    except (DatabaseError, ValueError) as error:  # a NUL is refused before Postgres sees it
        if isinstance(error, DatabaseError) and not connection.is_usable():
            raise
        reason = str(error).splitlines()[0]
        raise TextConfigError(
            f"Postgres cannot use {name!r} as text search configuration: {reason}."
        ) from error


def note_text_config() -> None:
    """Note the configuration in the settings with versions that lack one: the release before this one kept none.

    Its versions were written with what the settings said then. Should that have been another one, their content hashes
    say so, and the next reconcile has them written anew.
    """
    unnoted = IndexVersion.objects.filter(text_config="")
    if unnoted.exists():
        config = get_settings().text_config
        try_text_config(config)
        unnoted.update(text_config=config)


def installed_version() -> tuple[int, ...] | None:
    """Return the version of pgvector in the database, or None where it is not installed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        row = cursor.fetchone()
    return tuple(int(part) for part in row[0].split(".")) if row else None
