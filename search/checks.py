"""System checks: what would otherwise show as a slow, silent or wrong search, as probes find it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from .exceptions import NoIndexRegistered
from .models import IndexVersion

if TYPE_CHECKING:
    from .monitoring.probes import Finding

Databases = Sequence[str] | None  # aliases that may be asked


def connect() -> None:
    """Register the checks."""
    for check in (
        check_settings,
        check_registration,
        check_mapping,
        check_single_registration,
        check_related,
        check_middleware,
        check_artifact,
        check_broker,
        check_log,
        check_routers,
        check_schedule,
        check_cache,
        check_comparing,
        check_block_list,
        check_weekly_report,
        check_pages,
    ):
        checks.register(check)
    for check in (
        check_connections,
        check_replicas,
        check_neighbours,
        check_extension,
        check_active_version,
        check_storage,
        check_cards,
        check_text_config,
    ):
        checks.register(check, checks.Tags.database)


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """E008: FASHION_SEARCH has known keys and values of their types."""
    from .monitoring import configuration_probes as configuration

    return _messages(configuration.probe_settings)


def check_registration(**kwargs: Any) -> list[CheckMessage]:
    """E007, E009: the host has said what a product is, and its facets are names."""
    from .monitoring import registration_probes as registration

    return _messages(registration.probe_registration)


def check_mapping(**kwargs: Any) -> list[CheckMessage]:
    """E040: the paths by which products are read lead somewhere."""
    from .monitoring import registration_probes as registration

    return _messages(registration.probe_mapping)


def check_single_registration(**kwargs: Any) -> list[CheckMessage]:
    """E041: no second index is registered in vain."""
    from .monitoring import registration_probes as registration

    return _messages(registration.probe_single_registration)


def check_related(**kwargs: Any) -> list[CheckMessage]:
    """E042: ProductIndex.related names models that there are, and how their products are found."""
    from .monitoring import registration_probes as registration

    return _messages(registration.probe_related)


def check_middleware(**kwargs: Any) -> list[CheckMessage]:
    """W043: what the plugin needs of MIDDLEWARE is there, and early enough."""
    from .monitoring import registration_probes as registration

    return _messages(registration.probe_middleware)


def check_artifact(**kwargs: Any) -> list[CheckMessage]:
    """E003: the artifact in the settings is whole."""
    from .monitoring.version_probes import probe_settings_artifact

    # Without loading it: Celery's parent process asks, too, before it forks.
    return _messages(partial(probe_settings_artifact, load=False))


def check_broker(**kwargs: Any) -> list[CheckMessage]:
    """E005, E006: a frozen broker is given up on, and a running task is not delivered twice."""
    from .monitoring import configuration_probes as configuration

    return _messages(configuration.probe_broker_options)


def check_log(**kwargs: Any) -> list[CheckMessage]:
    """W010: the search log has a Redis to pass through."""
    from .monitoring import configuration_probes as configuration

    return _messages(configuration.probe_log_address)


def check_routers(**kwargs: Any) -> list[CheckMessage]:
    """E015: routers leave the index and the products in one database, where both are written."""
    from .monitoring.service_probes import probe_routers

    return _messages(probe_routers)


def check_schedule(**kwargs: Any) -> list[CheckMessage]:
    """E011, W013, W014: beat asks for every periodic task, as often as the settings say, whatever becomes of the clock."""
    from . import tasks
    from .monitoring import configuration_probes as configuration
    from .schedule import TASKS

    known = {f"{TASKS}.{name}" for name, value in vars(tasks).items() if hasattr(value, "apply_async")}
    return _messages(partial(configuration.probe_schedule, known))


def check_cache(**kwargs: Any) -> list[CheckMessage]:
    """W017: the cache is not one for each process."""
    from .monitoring.neighbours import local_cache

    return _shown(local_cache())


def check_comparing(**kwargs: Any) -> list[CheckMessage]:
    """W020: new versions can be compared with the active one as the settings say."""
    from .monitoring import configuration_probes as configuration

    return _messages(configuration.probe_comparison)


def check_block_list(**kwargs: Any) -> list[CheckMessage]:
    """W023: the shop's own list of what is shown to nobody else can be read."""
    from .monitoring import configuration_probes as configuration

    return _messages(configuration.probe_block_list)


def check_weekly_report(**kwargs: Any) -> list[CheckMessage]:
    """E047, W049: the weekly mail can be sent to its addresses, and has something to say."""
    from .monitoring import configuration_probes as configuration

    return _messages(configuration.probe_weekly_report)


def check_pages(**kwargs: Any) -> list[CheckMessage]:
    """E045, E046: what writes prices can be called, and the search pages stand in a template that is there and shows them."""
    from .monitoring import configuration_probes as configuration

    return _messages(configuration.probe_pages)


def check_connections(databases: Databases = None, **kwargs: Any) -> list[CheckMessage]:
    """E016, W018, W019: what stands between the shop and Postgres keeps transactions, gives nothing to others, takes writes."""
    from .monitoring.service_probes import probe_poolers

    return _messages(probe_poolers) if _is_ours(databases) else []


def check_replicas(databases: Databases = None, **kwargs: Any) -> list[CheckMessage]:
    """E030, W031: each of READ_REPLICAS is an alias in DATABASES, and a standby."""
    from .monitoring.service_probes import probe_replica_settings

    return _messages(probe_replica_settings) if _is_ours(databases) else []


def check_neighbours(databases: Databases = None, **kwargs: Any) -> list[CheckMessage]:
    """E013, W016, W017: no other shop has this one's name or queue, and this one's processes share cache, SECRET_KEY and NAMESPACE."""
    from .monitoring.neighbours import probe_neighbours

    if not _is_ours(databases):
        return []
    try:
        found = _shown(
            probe_neighbours()
        )  # nothing where Postgres or Redis is away, which other checks report
    except ImproperlyConfigured:
        return []  # E008 says so
    said = check_cache()
    return [message for message in found if message not in said]


def check_extension(databases: Databases = None, **kwargs: Any) -> list[CheckMessage]:
    """E001, E002: pgvector is installed, and not one of the releases that corrupt HNSW indexes."""
    from .monitoring.service_probes import probe_postgres

    if not _is_ours(databases):
        return []
    try:
        found = _messages(probe_postgres)
    except DatabaseError as error:
        return [checks.Error(f"The database cannot be asked for pgvector: {error}", id="fashion_search.E001")]
    # Before the first migration it is not there, which creates it.
    return [message for message in found if message.id != "fashion_search.E001" or _columns()]


def check_active_version(databases: Databases = None, **kwargs: Any) -> list[CheckMessage]:
    """E003, E004, W001, W021: the artifacts of the versions are where searches look, can be loaded, and are the one in the settings."""
    from .monitoring.version_probes import probe_artifact

    if not _is_ours(databases) or not _is_migrated():
        return []
    return _messages(partial(probe_artifact, IndexVersion.objects.active()))


def check_storage(databases: Databases = None, **kwargs: Any) -> list[CheckMessage]:
    """W022: pictures that were read for the index can still be read."""
    from .monitoring.service_probes import probe_storage

    if not _is_ours(databases) or not _is_migrated():
        return []
    return _messages(partial(probe_storage, fresh=True))


def check_cards(databases: Databases = None, **kwargs: Any) -> list[CheckMessage]:
    """W044: the cards of some products lead somewhere, and show a picture where there is one."""
    from .monitoring import registration_probes as registration

    if not _is_ours(databases) or not _is_migrated():
        return []
    return _messages(registration.probe_cards)


def check_text_config(databases: Databases = None, **kwargs: Any) -> list[CheckMessage]:
    """E010, W012: Postgres knows the text search configuration, and the active version was built with it."""
    from .monitoring.version_probes import probe_text_config

    if not _is_ours(databases):
        return []
    return _messages(partial(probe_text_config, IndexVersion.objects.active() if _is_migrated() else None))


def _messages(probe: Callable[[], Finding]) -> list[CheckMessage]:
    try:
        found = probe()
    except (ImproperlyConfigured, NoIndexRegistered):
        return []  # E008 or E007 says so
    return _shown([found])


def _shown(findings: Sequence[Finding]) -> list[CheckMessage]:
    """Return the findings, and what they were put together from, as far as they have the id of a system check."""
    return [
        (checks.Error if found.check_id.startswith("fashion_search.E") else checks.Warning)(
            found.sentence, hint=found.remedy or None, id=found.check_id
        )
        for whole in findings
        for found in (whole.parts or [whole])
        if found.check_id
    ]


def _is_ours(databases: Databases) -> bool:
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
