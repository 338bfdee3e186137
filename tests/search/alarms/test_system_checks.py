"""`manage.py check` gives each of its messages once a real fault is done, gives none without, and no message is without a fault."""

import re
from pathlib import Path

import pytest
from celery import current_app
from django.core.checks import run_checks

import search
from search import registry
from search.models import IndexVersion
from tests.search.alarms.world import Fault, World, lines
from tests.tiny_artifact import write_tiny_artifact

FAULTS: dict[str, Fault] = {}
line = lines(FAULTS)


def messages() -> set[str]:
    found = run_checks(databases=["default"])
    return {message.id for message in found if message.id and message.id.startswith("fashion_search.")}


def set_celery(world: World, name: str, value: object) -> None:
    world.undo.callback(setattr, current_app.conf, name, getattr(current_app.conf, name))
    setattr(current_app.conf, name, value)


def change_extension(world: World, assignment: str) -> None:
    world.execute(f"UPDATE pg_extension SET {assignment} WHERE extname = 'vector'")
    world.undo.callback(
        world.execute,
        "UPDATE pg_extension SET extname = 'vector', extversion ="
        " (SELECT default_version FROM pg_available_extensions WHERE name = 'vector') WHERE extname LIKE 'vector%%'",
    )


@line("fashion_search.E001")
def pgvector_is_missing(world: World) -> None:
    change_extension(world, "extname = 'vector_away'")


@line("fashion_search.E002")
def pgvector_is_old(world: World) -> None:
    change_extension(world, "extversion = '0.8.3'")


@line("fashion_search.E003")
def the_artifact_is_gone(world: World) -> None:
    world.move(world.artifact)


@line("fashion_search.E004")
def the_active_version_has_an_artifact_that_is_nowhere(world: World) -> None:
    IndexVersion.objects.update(fingerprint="0" * 64)


@line("fashion_search.E005")
def a_frozen_broker_would_be_waited_for(world: World) -> None:
    set_celery(world, "broker_transport_options", {"visibility_timeout": 600})


@line("fashion_search.E006")
def running_tasks_would_be_given_out_again(world: World) -> None:
    set_celery(world, "task_time_limit", 3600)


@line("fashion_search.E007")
def nothing_is_registered(world: World) -> None:
    registered = list(registry._registered)
    registry._registered.clear()
    world.undo.callback(registry._registered.extend, registered)


@line("fashion_search.E008")
def a_setting_is_misspelt(world: World) -> None:
    world.configure(PAGESIZE=24)


@line("fashion_search.W001")
def the_settings_name_another_artifact(world: World) -> None:
    write_tiny_artifact(world.folder / "other", name="other", seed=8)
    world.configure(ARTIFACT=str(world.folder / "other"))


@line("fashion_search.W010")
def the_log_has_no_redis(world: World) -> None:
    world.configure(INSIGHT_REDIS_URL="memcached://localhost")


def test_every_message_has_a_fault():
    sources = Path(search.__file__).parent.rglob("*.py")
    ids = {id for source in sources for id in re.findall(r"fashion_search\.[EW]\d{3}", source.read_text())}
    assert ids == FAULTS.keys()


def test_a_sound_installation_has_no_message(world):
    assert messages() == set()


@pytest.mark.parametrize("id", FAULTS)
def test_a_fault_is_seen(world, id):
    FAULTS[id](world)
    assert id in messages()
