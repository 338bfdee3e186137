"""Faults done to what keeps the index in order: many rebuilds, a version that cannot be dropped, another TEXT_CONFIG."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import expect, manage

REBUILDS = {
    True: 10,
    False: 4,
}  # by thoroughness; the third was the first to drop a version with all that hung on it


@fault
def third_to_tenth_rebuild(world: World) -> Harm:
    """Rebuilds are forced one after another, each version's health checked and its map asked for; one version cannot be dropped for a while, and one build's message is lost."""
    complaints: list[str] = []
    for _ in range(REBUILDS[world.thorough] - 1):
        complaints += [*_rebuild(world), *_kept_only()]
    with _undroppable() as version_id:
        complaints += _rebuild(world)
        complaints += expect(lambda: _is_named(version_id), "verify and the dashboard name it", seconds=30)
        complaints += _message_lost(world)  # and is begun all the same
    return Harm([*complaints, *_kept_only()])


@fault
def text_config_changed(world: World) -> Harm:
    """TEXT_CONFIG is another one after a restart while products are saved; a rebuild without --force changes over, and another one back."""
    complaints = _all_written_with("english")
    if not _all_written_with("simple"):
        complaints.append("both configurations cut all names alike, so that nothing would be seen")
    for former, name in (("english", "simple"), ("simple", "english")):
        _restart_with(world, name)
        said = _checks()
        complaints += [] if "fashion_search.W012" in said else [f"no check speaks of {name}"]
        world.save_some(20)
        complaints += expect(lambda: not world.is_waiting(), "what was saved is indexed", seconds=60)
        complaints += _all_written_with(former)
        world.servers.manage("search_index", "rebuild", "--noinput")
        complaints += [*world.rebuilt(), *_all_written_with(name)]
        said = _checks()
        complaints += [f"a check still speaks of {name}"] if "fashion_search.W012" in said else []
    return Harm(complaints)


def _restart_with(world: World, name: str) -> None:
    """Restart worker and web with a text search configuration in their settings."""
    os.environ["FASHION_SEARCH"] = json.dumps(
        json.loads(os.environ["FASHION_SEARCH"]) | {"TEXT_CONFIG": name}
    )
    world.restart_worker()
    world.restart_web()


def _checks() -> str:
    """Return all that the system checks say."""
    done = manage("check", "--database", "default")
    return done.stdout + done.stderr


def _all_written_with(name: str) -> list[str]:
    """Complain of entries of the active version whose words another configuration has cut."""
    entries, right = _written_with(name)
    return [] if entries and entries == right else [f"{right} of {entries} entries are written with {name}"]


def _written_with(name: str) -> tuple[int, int]:
    """Count the entries of the active version, and those that hold the words of their name as a configuration cuts them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE tsvector_to_array(to_tsvector(%s::regconfig, entry.name))"
            " <@ tsvector_to_array(entry.document)) FROM fashion_search_indexentry AS entry"
            " JOIN fashion_search_indexversion AS version ON version.id = entry.version_id"
            " WHERE version.state = 'active'",
            [name],
        )
        entries, right = cursor.fetchone()
    return entries, right


def _rebuild(world: World) -> list[str]:
    """Build a version, and have made for it all that workers make in the hours after a build."""
    from search.indexing import marks
    from search.models import CatalogueMap, IndexVersion
    from search.quality.jobs import ask

    world.ask_for_rebuild()
    complaints = world.rebuilt()
    version = IndexVersion.objects.active()
    if version is None:
        return [*complaints, "no version is active"]
    ask(CatalogueMap, version)
    marks.publish("map_catalogue", version.pk, expires=None)
    return complaints + expect(_is_checked, "its health is checked and its words are counted", seconds=60)


def _is_checked() -> bool:
    from search.models import CatalogueHealth, VersionTags, WordList

    made = {"version__state": "active"}
    return all(model.objects.filter(**made).exists() for model in (WordList, VersionTags)) and (
        CatalogueHealth.objects.filter(state="ready", **made).exists()
    )


def _message_lost(world: World) -> list[str]:
    """Record a build of which no worker hears."""
    from search.models import Build

    build = Build.objects.queue(Build.Kind.REBUILD, by="chaos")
    begun = Build.objects.filter(pk=build.pk).exclude(step="queued")
    return [
        *expect(begun.exists, "beat began the build whose message was lost", seconds=60),
        *world.rebuilt(),
    ]


def _kept_only() -> list[str]:
    """Wait until exactly the active and the kept versions are left, and nothing of any other."""
    from search.conf import get_settings
    from search.indexing.hnsw import index_validity
    from search.indexing.removal import DROPPED, find_left_over
    from search.models import IndexVersion

    wanted = 1 + get_settings().keep_retired
    complaints = expect(
        lambda: IndexVersion.objects.count() == wanted, f"{wanted} versions are left", seconds=60
    )
    versions = list(IndexVersion.objects.all())
    numbers = {version.pk for version in versions}
    for model, column, _ in DROPPED:
        rows = model._default_manager.exclude(**{column: None}).exclude(**{f"{column}__in": numbers})
        complaints += [f"{rows.count()} rows of {model.__name__} are left over"] if rows.exists() else []
    indexes = {name for version in versions for name in (version.image_index, version.text_index)}
    complaints += [f"the index {name} is left over" for name in index_validity().keys() - indexes]
    complaints += [f"the index {name} is missing" for name in indexes - index_validity().keys()]
    return complaints + find_left_over()


@contextmanager
def _undroppable() -> Iterator[int]:
    """Have a row of somebody else's table point at the version that the next rebuild drops."""
    from django.db import connection

    from search.models import IndexVersion

    version_id = IndexVersion.objects.filter(state="retired").latest("activated_at").pk
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE points_at (version_id bigint REFERENCES fashion_search_indexversion)")
        cursor.execute("INSERT INTO points_at VALUES (%s)", [version_id])
    try:
        yield version_id
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE points_at")


def _is_named(version_id: int) -> bool:
    from search.monitoring.probes import State
    from search.monitoring.verify import verify
    from search.monitoring.version_probes import probe_versions

    named = f"version {version_id} (failed): IntegrityError"
    verified = [check for check in verify().checks if check.name == "versions in order"]
    dashboard = probe_versions()
    return (
        [check.passed for check in verified] == [False]
        and named in verified[0].detail
        and dashboard.state is State.ATTENTION
        and named in dashboard.sentence
    )
