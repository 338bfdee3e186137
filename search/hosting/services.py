"""What search runs on, as it answers now: Postgres and pgvector, the tables, the broker, workers, beat, the cache, the model, the index."""

from collections.abc import Iterator

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from ..exceptions import NoIndexRegistered
from ..indexing.databases import MINIMUM, installed_version, is_read_only
from ..models import IndexVersion
from ..monitoring.probes import Finding, State
from ..monitoring.service_probes import Ping, probe_queue, probe_tasks
from ..monitoring.version_probes import probe_settings_artifact
from ..registry import get_index
from ..session import WRITER, pinned

OLDEST_POSTGRES = 14
LABEL = "fashion_search"
PATIENCE = 5.0  # seconds that a worker has to answer: nobody waits for a page here
CACHE_KEY = "fashion_search:init"


@pinned()
def look_around() -> list[Finding]:
    """Return how each service stands, in the order in which they are needed; one that is away keeps none of the others from being asked."""
    ping = Ping(PATIENCE) if current_app.conf.broker_url or current_app.conf.broker_write_url else None
    found = list(_database())
    reachable = not found or found[0].passed
    if reachable:
        found += [*_extension(), *_tables()]
    found += _queue(ping)
    found += _beat() if reachable else []
    found += [_cache(), probe_settings_artifact(load=False).renamed("Model")]
    if reachable:
        found.append(_index())
    return found


def is_migrated() -> bool:
    """Return whether all tables of the plugin are as this release has them.

    Raises:
        DatabaseError: the database did not answer.
    """
    return not _pending()


def _database() -> Iterator[Finding]:
    name, connection = "Postgres", connections[WRITER]
    if connection.vendor != "postgresql":
        yield _broken(
            name,
            f"The default database is {connection.vendor}.",
            "Search lives in Postgres: move the shop's tables there first.",
        )
        return
    try:
        connection.ensure_connection()
        server = connection.pg_version // 10_000  # type: ignore[attr-defined]
        if server < OLDEST_POSTGRES:
            yield _broken(name, f"Postgres is {server}.", f"Upgrade it to {OLDEST_POSTGRES} or newer.")
        elif is_read_only():
            yield _broken(
                name,
                "It takes no writes: it is a standby, or set to read only.",
                "Name its primary in DATABASES['default'].",
            )
        else:
            yield _well(name, f"Postgres {server} answers, and takes writes.")
    except DatabaseError as error:
        yield _broken(
            name,
            f"It does not answer: {str(error).strip().splitlines()[0]}",
            "Start it, or correct DATABASES['default'].",
        )


def _extension() -> Iterator[Finding]:
    name, wanted = "pgvector", ".".join(map(str, MINIMUM))
    installed = installed_version()
    if installed is not None:
        said = ".".join(map(str, installed))
        if installed >= MINIMUM:
            yield _well(name, f"pgvector {said} is there.")
        else:
            yield _broken(name, f"pgvector is {said}; releases before {wanted} can corrupt HNSW indexes.",
                          "Upgrade its package, then as a superuser: ALTER EXTENSION vector UPDATE")  # fmt: skip
        return
    database = connections[WRITER].settings_dict["NAME"]
    with connections[WRITER].cursor() as cursor:
        cursor.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
        available = cursor.fetchone()
        cursor.execute(
            "SELECT rolsuper OR (has_database_privilege(current_database(), 'CREATE') AND EXISTS (SELECT FROM"
            " pg_available_extension_versions WHERE name = 'vector' AND trusted)) FROM pg_roles WHERE rolname = current_user"
        )
        may = bool(cursor.fetchone()[0])
        cursor.execute("SELECT current_user")
        role = cursor.fetchone()[0]
    if available is None:
        yield _broken(name, "The server does not have pgvector.",
                      f"Install {wanted} or newer on it: apt-get install postgresql-{_server()}-pgvector, or what your provider says.")  # fmt: skip
    elif may:
        yield Finding(
            name,
            State.ATTENTION,
            f"pgvector {available[0]} can be created by the role {role!r}.",
            "manage.py migrate creates it.",
        )
    else:
        yield _broken(name, f"pgvector {available[0]} is on the server, and the role {role!r} may not create it.",
                      f"As a superuser, before migrate: psql -d {database} -c 'CREATE EXTENSION vector'")  # fmt: skip


def _server() -> int:
    return int(connections[WRITER].pg_version // 10_000)  # type: ignore[attr-defined]


def _tables() -> Iterator[Finding]:
    pending = _pending()
    if pending:
        yield Finding("Tables", State.BROKEN, f"{len(pending)} {'migration' if len(pending) == 1 else 'migrations'} of {LABEL} {'is' if len(pending) == 1 else 'are'} not applied.",
                      "manage.py migrate")  # fmt: skip
    else:
        yield _well("Tables", "All migrations are applied.")


def _pending() -> list[str]:
    connection = connections[WRITER]
    if not MigrationRecorder(connection).has_table():
        applied: set[tuple[str, str]] = set()
    else:
        applied = set(MigrationRecorder(connection).applied_migrations())
    known = MigrationExecutor(connection).loader.disk_migrations
    return [name for app, name in known if app == LABEL and (app, name) not in applied]


def _queue(ping: Ping | None) -> list[Finding]:
    if ping is None:
        remedy = "Name one, which the settings above do, then start a worker and beat."
        return [_broken("Task queue", "No broker is named, so nothing is indexed.", remedy)]
    found = probe_queue(ping)
    if ping.count() == 0:
        start = f"celery -A {_application()} worker"
        found[-1] = _broken(
            "Workers",
            found[-1].sentence,
            f"Start one: {start}. If one runs, restart it, so that it loads the plugin.",
        )
    return found


def _beat() -> list[Finding]:
    name = "Beat"
    if _pending():
        return [Finding(name, State.ATTENTION, "Not known before the tables are there.")]
    found = probe_tasks()
    if found.passed and "None has run yet" in found.sentence:
        return [
            Finding(
                name,
                State.ATTENTION,
                "No periodic task has run yet.",
                f"Start one for the whole shop: celery -A {_application()} beat",
            )
        ]
    return [Finding(name, found.state, found.sentence, found.remedy)]


def _cache() -> Finding:
    name = "Cache"
    try:
        cache.set(CACHE_KEY, "there", 5)
        if cache.get(CACHE_KEY) == "there":
            return _well(name, "The cache keeps what it is given.")
    except Exception as error:  # noqa: BLE001 - every cache has errors of its own
        return _broken(name, f"The cache does not answer: {error}", "Start it, or correct CACHES['default'].")
    return Finding(
        name,
        State.ATTENTION,
        "The cache keeps nothing.",
        "Give CACHES['default'] one that all processes share.",
    )


def _index() -> Finding:
    name = "Index"
    try:
        registered = get_index().model._meta.label
    except NoIndexRegistered:
        return Finding(
            name, State.ATTENTION, "Nothing is registered yet.", "Write search_index.py with --write."
        )
    if _pending():
        return Finding(
            name,
            State.ATTENTION,
            f"{registered} is registered; there are no tables yet.",
            "manage.py migrate",
        )
    try:
        version = IndexVersion.objects.active()
    except (DatabaseError, ImproperlyConfigured) as error:
        return _broken(name, f"The versions cannot be read: {error}", "manage.py migrate")
    if version is None:
        return Finding(
            name,
            State.ATTENTION,
            f"{registered} is registered, and nothing is built.",
            "manage.py search_index rebuild --wait",
        )
    return _well(name, f"{registered} is registered; version {version.pk} is active.")


def _application() -> str:
    return str(current_app.main or settings.ROOT_URLCONF.partition(".")[0])


def _well(name: str, sentence: str) -> Finding:
    return Finding(name, State.OK, sentence)


def _broken(name: str, sentence: str, remedy: str) -> Finding:
    return Finding(name, State.BROKEN, sentence, remedy)
