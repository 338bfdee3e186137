"""System checks: what would otherwise show as a slow, silent or wrong search."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from . import tasks
from .beat import SteadyScheduler
from .conf import SETTING, get_settings
from .encoders.cache import FoundArtifact, artifact_in_settings, find_artifact, prove
from .evaluation.judged_queries import read_queries
from .exceptions import ArtifactError, NoIndexRegistered, StorageAway, TextConfigError
from .facets import MAX_FACET_NAME, SIGN
from .indexing.databases import (
    MINIMUM,
    READ_ONLY,
    find_misrouted,
    find_unsafe,
    find_unusable,
    installed_version,
    is_read_only,
    try_text_config,
)
from .indexing.pictures import storage_answers
from .indexing.versions import versions_without_artifact
from .insight import log_store
from .models import IndexVersion
from .monitoring import neighbours
from .registry import get_index
from .schedule import (
    PERIODIC,
    TASKS,
    PeriodicTask,
    entries,
    longest_gap,
    reads_the_setting,
    scheduler_class,
)
from .text import one_line

_SCHEDULE = (
    f"CELERY_BEAT_SCHEDULE = {{**beat_schedule({SETTING})}} has all of them, with `from {__package__}.schedule import"
    " beat_schedule`. Django must load the project's Celery application, in its __init__.py, to know the schedule."
)
SHARES = (
    "activate_max_failed",
    "activate_max_blank",
    "activate_max_quality_loss",
    "verify_max_failed",
)
DEFAULT_VISIBILITY_TIMEOUT = 3600  # seconds, Kombu's for Redis


def connect() -> None:
    """Register the checks."""
    checks.register(check_settings)
    checks.register(check_registration)
    checks.register(check_artifact)
    checks.register(check_broker)
    checks.register(check_log)
    checks.register(check_routers)
    checks.register(check_connections, checks.Tags.database)
    checks.register(check_schedule)
    checks.register(check_cache)
    checks.register(check_neighbours, checks.Tags.database)
    checks.register(check_comparing)
    checks.register(check_extension, checks.Tags.database)
    checks.register(check_active_version, checks.Tags.database)
    checks.register(check_storage, checks.Tags.database)
    checks.register(check_text_config, checks.Tags.database)


def check_extension(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """E001, E002: pgvector is installed, and not one of the releases that corrupt HNSW indexes."""
    if not _asks_for_ours(databases):
        return []
    try:
        installed = installed_version()
    except DatabaseError as error:
        return [checks.Error(f"The database cannot be asked for pgvector: {error}", id="fashion_search.E001")]
    wanted = ".".join(map(str, MINIMUM))
    if installed is None:
        if not _columns():
            return []  # the first migration creates it
        return [
            checks.Error(
                "The Postgres extension pgvector is not installed in the database.",
                hint=f"Install pgvector {wanted} or newer and run: CREATE EXTENSION vector",
                id="fashion_search.E001",
            )
        ]
    if installed < MINIMUM:
        return [
            checks.Error(
                f"pgvector is {'.'.join(map(str, installed))}; releases before {wanted} can corrupt HNSW indexes.",
                hint="Upgrade it, run: ALTER EXTENSION vector UPDATE, then: manage.py search_index rebuild --force",
                id="fashion_search.E002",
            )
        ]
    return []


def check_artifact(**kwargs: Any) -> list[checks.CheckMessage]:
    """E003: the artifact in the settings is whole."""
    try:
        artifact_in_settings()  # without loading it: Celery's parent process asks, too, before it forks
    except ImproperlyConfigured:
        return []  # E008 says so
    except ArtifactError as error:
        return [_unusable(error)]
    return []


def check_active_version(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """E003, E004, W001, W021: the artifacts of the versions are where searches look, can be loaded, and are the one in the settings."""
    if not _asks_for_ours(databases) or not _is_migrated():
        return []
    try:
        wanted = artifact_in_settings()
        prove(wanted)
    except (ArtifactError, ImproperlyConfigured) as error:
        return [] if isinstance(error, ImproperlyConfigured) else [_unusable(error), *_check_versions(None)]
    return _check_versions(wanted)


def _check_versions(wanted: FoundArtifact | None) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    version = IndexVersion.objects.active()
    if version is not None:
        try:
            prove(find_artifact(version))
        except ArtifactError as error:
            found.append(_mismatch(version, str(error)))
        else:
            if wanted is not None and wanted.manifest.fingerprint != version.fingerprint:
                found.append(
                    checks.Warning(
                        f"The active version {version.pk} was built with {version.artifact_name}, not with the"
                        f" artifact in the settings, {wanted.manifest.name}.",
                        hint="To change over, run: manage.py search_index rebuild",
                        id="fashion_search.W001",
                    )
                )
    for other, reason in versions_without_artifact():
        found.append(
            checks.Warning(
                f"Version {other.pk}, {other.state}, cannot be used: {reason}",
                hint="Put its artifact into one of the known folders; a retired one is dropped by later rebuilds.",
                id="fashion_search.W021",
            )
        )
    return found


def check_text_config(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """E010, W012: Postgres knows the text search configuration, and the active version was built with it."""
    if not _asks_for_ours(databases):
        return []
    try:
        wanted = get_settings().text_config
    except ImproperlyConfigured:
        return []  # E008 says so
    version = IndexVersion.objects.active() if _is_migrated() else None
    try:
        try_text_config(wanted)
    except TextConfigError as error:
        return [
            checks.Error(
                f"FASHION_SEARCH['TEXT_CONFIG']: {error}",
                hint="Take one that psql lists with \\dF, for example english or simple. One that a migration still has to"
                " make: manage.py migrate --skip-checks",
                id="fashion_search.E010",
            )
        ]
    if version is None or version.config == wanted:
        return []
    try:
        try_text_config(version.config)
    except TextConfigError as error:
        return [
            checks.Error(
                f"The active version {version.pk} cannot be searched: {error}",
                hint="Bring the configuration back in Postgres, or run: manage.py search_index rebuild",
                id="fashion_search.E010",
            )
        ]
    return [
        checks.Warning(
            f"The active version {version.pk} was built with the text search configuration {version.config}, not with the"
            f" one in the settings, {wanted}; it is still searched and written with its own.",
            hint="To change over, run: manage.py search_index rebuild",
            id="fashion_search.W012",
        )
    ]


def check_storage(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """W022: pictures that were read for the index can still be read."""
    if not _asks_for_ours(databases) or not _is_migrated():
        return []
    try:
        storage_answers(fresh=True)
    except NoIndexRegistered:
        return []  # E007 says so
    except StorageAway as error:
        return [
            checks.Warning(
                f"The storage of the pictures does not answer: {error}",
                hint="See that it is mounted or can be reached, and that this host may read it.",
                id="fashion_search.W022",
            )
        ]
    return []


def check_broker(**kwargs: Any) -> list[checks.CheckMessage]:
    """E005, E006: a frozen broker is given up on, and a running task is not delivered twice."""
    configuration = current_app.conf
    url = str(configuration.broker_write_url or configuration.broker_url or "")
    if not url.startswith(("redis", "rediss", "sentinel", "unix")):
        return []
    options = configuration.broker_transport_options or {}
    found: list[checks.CheckMessage] = []
    missing = [name for name in ("socket_timeout", "socket_connect_timeout") if not options.get(name)]
    if missing:
        found.append(
            checks.Error(
                f"broker_transport_options lacks {' and '.join(missing)}: publishing waits for ever on a frozen broker.",
                hint='For example {"socket_timeout": 2, "socket_connect_timeout": 1}.',
                id="fashion_search.E005",
            )
        )
    visibility, limit = (
        options.get("visibility_timeout", DEFAULT_VISIBILITY_TIMEOUT),
        configuration.task_time_limit,
    )
    if limit is None or visibility <= limit:
        found.append(
            checks.Error(
                f"The broker's visibility_timeout ({visibility} s) is not above task_time_limit ({limit}): tasks that"
                " still run are delivered again.",
                hint="Set task_time_limit, and visibility_timeout in broker_transport_options above it.",
                id="fashion_search.E006",
            )
        )
    return found


def check_log(**kwargs: Any) -> list[checks.CheckMessage]:
    """W010: the search log has a Redis to pass through."""
    try:
        found = log_store.address() or not get_settings().insight
    except ImproperlyConfigured:
        return []  # E008 says so
    if found:
        return []
    return [
        checks.Warning(
            "Searches are not logged: the Celery broker is no Redis, and no other is named.",
            hint="Set FASHION_SEARCH['INSIGHT_REDIS_URL'], or FASHION_SEARCH['INSIGHT'] to False.",
            id="fashion_search.W010",
        )
    ]


def check_schedule(**kwargs: Any) -> list[checks.CheckMessage]:
    """E011, W013, W014: beat asks for every periodic task, as often as the settings say, whatever becomes of the clock.

    A scheduler that keeps its schedule elsewhere, as that of django-celery-beat does, is not asked: its tasks are seen when they run.
    """
    configuration = current_app.conf
    asked: dict[str, list[Any]] = {}
    for path, schedule in entries(configuration.beat_schedule):
        asked.setdefault(path, []).append(schedule)
    known = {f"{TASKS}.{name}" for name, value in vars(tasks).items() if hasattr(value, "apply_async")}
    found: list[checks.CheckMessage] = [
        checks.Error(
            f"The beat schedule asks for {path}, which is no task.",
            hint="Correct its name; search.schedule.beat_schedule() returns the whole schedule.",
            id="fashion_search.E011",
        )
        for path in asked
        if path.startswith(f"{TASKS}.") and path not in known
    ]
    if not reads_the_setting(configuration.beat_scheduler):
        return found
    for task in PERIODIC:
        if task.by_beat:
            found += _scheduled(task, asked.get(task.path, []))
    if not issubclass(scheduler_class(configuration.beat_scheduler) or SteadyScheduler, SteadyScheduler):
        found.append(
            checks.Warning(
                "Celery's own beat scheduler starts nothing for as long as a clock was set back.",
                hint=f'Set CELERY_BEAT_SCHEDULER = "{SteadyScheduler.__module__}.{SteadyScheduler.__name__}"',
                id="fashion_search.W014",
            )
        )
    return found


def check_comparing(**kwargs: Any) -> list[checks.CheckMessage]:
    """W020: new versions can be compared with the active one as the settings say."""
    try:
        settings = get_settings()
    except ImproperlyConfigured:
        return []  # E008 says so
    found: list[checks.CheckMessage] = [
        checks.Warning(
            f"FASHION_SEARCH['{name.upper()}'] is {getattr(settings, name):g}: it is a share, and one of 1 or more lets"
            " everything pass.",
            hint="Give a number from 0 to 1, such as 0.05 for 5 %.",
            id="fashion_search.W020",
        )
        for name in SHARES
        if getattr(settings, name) >= 1
    ]
    if settings.activation_queries:
        try:
            read_queries(Path(settings.activation_queries))
        except ValueError as error:
            found.append(
                checks.Warning(
                    f"FASHION_SEARCH['ACTIVATION_QUERIES'] cannot be asked, so every new version is held back: {error}",
                    hint="Name a file of judged queries (docs/relevance.md), or leave the setting out.",
                    id="fashion_search.W020",
                )
            )
    return found


def check_cache(**kwargs: Any) -> list[checks.CheckMessage]:
    """W017: the cache is not one for each process."""
    return [
        checks.Warning(trouble.sentence, hint=trouble.remedy, id="fashion_search.W017")
        for trouble in neighbours.local_cache()
    ]


def check_neighbours(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """E013, W016, W017: no other shop has this one's name or queue, and this one's processes share cache, SECRET_KEY and NAMESPACE."""
    if not _asks_for_ours(databases):
        return []
    try:
        seen = neighbours.look()
    except ImproperlyConfigured:
        return []  # E008 says so
    except Exception:  # noqa: BLE001 - kombu, redis, socket, amqp and database errors share no base class
        return []  # Postgres or Redis is away, which is no fault of the settings; others tell
    local = neighbours.local_cache()
    return [
        *(checks.Error(one.sentence, hint=one.remedy, id="fashion_search.E013") for one in seen.colliding),
        *(checks.Warning(one.sentence, hint=one.remedy, id="fashion_search.W016") for one in seen.sharing),
        *(
            checks.Warning(one.sentence, hint=one.remedy, id="fashion_search.W017")
            for one in seen.apart
            if one not in local  # check_cache says so
        ),
    ]


def check_registration(**kwargs: Any) -> list[checks.CheckMessage]:
    """E007, E009: the host has said what a product is, and its facets are names."""
    try:
        facets: object = get_index().facets
    except NoIndexRegistered as error:
        return [checks.Error(str(error), hint="See search.registry.register.", id="fashion_search.E007")]
    if not isinstance(facets, tuple | list):
        wrong = f"is of the type {type(facets).__name__}"
    elif unfit := [name for name in facets if not _is_facet_name(name)]:
        wrong = f"names {', '.join(map(repr, unfit))}"
    elif len(set(facets)) < len(facets):
        wrong = "names a facet twice"
    else:
        return []
    hint = 'Give a tuple of names of up to 100 characters without "=" and white space around them: ("category", "brand").'
    return [
        checks.Error(f"ProductIndex.facets {wrong}.", hint=hint, id="fashion_search.E009"),
    ]


def check_routers(**kwargs: Any) -> list[checks.CheckMessage]:
    """E015: routers leave the index and the products in one database, where both are written."""
    hint = "Let DATABASE_ROUTERS answer None for fashion_search, and write products to the default database."
    return [checks.Error(sentence, hint=hint, id="fashion_search.E015") for sentence in find_misrouted()]


def check_connections(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """E016, W018, W019: what stands between the shop and Postgres keeps transactions, gives nothing to others, takes writes."""
    if not _asks_for_ours(databases):
        return []
    try:
        found: list[checks.CheckMessage] = [
            checks.Error(
                sentence,
                hint="See docs/production.md, Behind a pooler.",
                id="fashion_search.E016",
            )
            for sentence in find_unusable()
        ]
        if found:
            return found
        found += [checks.Warning(sentence, id="fashion_search.W018") for sentence in find_unsafe()]
        if is_read_only():
            hint = "Promote it, or correct DATABASES['default']."
            found.append(checks.Warning(READ_ONLY, hint=hint, id="fashion_search.W019"))
    except ImproperlyConfigured:
        return []  # E008 says so
    except DatabaseError as error:
        return [
            checks.Error(
                f"The database cannot be asked what it leads through: {error}", id="fashion_search.E016"
            )
        ]
    return found


def check_settings(**kwargs: Any) -> list[checks.CheckMessage]:
    """E008: FASHION_SEARCH has known keys and values of their types."""
    try:
        get_settings()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="fashion_search.E008")]
    return []


def _unusable(error: ArtifactError) -> checks.Error:
    return checks.Error(
        str(error), hint="Set FASHION_SEARCH['ARTIFACT'] to a whole folder.", id="fashion_search.E003"
    )


def _scheduled(task: PeriodicTask, schedules: list[Any]) -> list[checks.CheckMessage]:
    """Say whether beat asks for a task, and as often as FASHION_SEARCH says where it says so."""
    if not schedules:
        problem = f"The beat schedule lacks {task.path}: {task.loss}."
        return [checks.Warning(problem, hint=_SCHEDULE, id="fashion_search.W013")]
    given = getattr(settings, SETTING, {})
    gaps = [gap for gap in map(longest_gap, schedules) if gap is not None]
    if not isinstance(given, Mapping) or task.setting not in given or not gaps:
        return []
    try:
        wanted = task.seconds(given)
    except ImproperlyConfigured:
        return []  # E008 says so
    if min(gaps) <= wanted:
        return []
    problem = f"The beat schedule asks for {task.path} every {min(gaps):g} s, {SETTING}['{task.setting}'] says {wanted:g}."
    return [checks.Warning(problem, hint=_SCHEDULE, id="fashion_search.W013")]


def _is_facet_name(name: object) -> bool:
    if not isinstance(name, str) or not name or len(name) > MAX_FACET_NAME:
        return False
    return SIGN not in name and one_line(name) == name


def _mismatch(version: IndexVersion, reason: str) -> checks.Error:
    return checks.Error(
        f"The artifact of the active version {version.pk} cannot be used, so queries are answered by keyword only:"
        f" {reason}",
        hint=f"Put the artifact {version.artifact_name} back, or run: manage.py search_index rebuild",
        id="fashion_search.E004",
    )


def _asks_for_ours(databases: Sequence[str] | None) -> bool:
    return "default" in (databases or ())


def _is_migrated() -> bool:
    """Whether versions can be read: `migrate` itself runs the checks before it adds a column that they would read."""
    return {field.column for field in IndexVersion._meta.concrete_fields} <= _columns()


def _columns() -> set[str]:
    """The columns that the table of versions has; none before the first migration."""
    connection, table = connections["default"], IndexVersion._meta.db_table
    if table not in connection.introspection.table_names():
        return set()
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, table)}
