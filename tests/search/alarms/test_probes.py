"""Each finding of /health/ready fails once a real fault is done, /health/live fails where no process answers, and no finding is without a fault."""

import http.client
import subprocess
import sys
from contextlib import closing

import psycopg
import pytest
from django.db import connection
from django.test import Client

from search.encoders.cache import encoders_for
from search.models import IndexVersion
from tests.processes import ROOT
from tests.search.alarms.world import Fault, World, lines

FAULTS: dict[str, Fault] = {}
line = lines(FAULTS)
NEEDED = {"database", "version", "artifact"}


def ready() -> tuple[int, dict]:
    answer = Client().get("/health/ready")
    return answer.status_code, answer.json()


def findings(body: dict) -> dict[str, bool]:
    return {finding["name"]: finding["passed"] for finding in body["checks"]}


line("database")(World.lose_the_database)
line("version")(World.lose_the_versions)
line("pictures")(World.lose_picture_embeddings)
line("writable")(World.take_no_writes)
line("tasks")(World.fail_a_task)
line("storage")(World.lose_the_pictures)
line("broker")(World.lose_the_broker)
line("neighbours")(World.let_another_shop_in)


@line("artifact")
def another_artifact(world: World) -> None:
    IndexVersion.objects.update(fingerprint="0" * 64)


@line("artifact_folder")
def the_folder_goes_while_its_artifact_is_in_memory(world: World) -> None:
    encoders_for(world.version).start_texts()
    world.move(world.artifact)


@line("answers")
def nobody_can_read_the_pictures_embeddings(world: World) -> None:
    world.configure(SEARCH_TIMEOUT_MS=100)
    other = psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor})
    with closing(other):
        other.execute("LOCK TABLE fashion_search_entryimage IN ACCESS EXCLUSIVE MODE")
        for number in range(5):
            assert Client().get("/api/v1/search/", {"q": f"red shirt {number}"}).json()["degraded"]


def test_every_finding_has_a_fault_and_passes_without(world):
    status, body = ready()
    assert findings(body) == dict.fromkeys(FAULTS, True)
    assert (status, body["ready"], body["degraded"]) == (200, True, False)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen(world, name):
    FAULTS[name](world)
    status, body = ready()
    assert findings(body)[name] is False
    if name in NEEDED:
        assert (status, body["ready"]) == (503, False)
    else:
        assert (status, body["ready"], body["degraded"]) == (200, True, True)


def test_live_and_the_images_health_check_fail_where_the_web_server_is_frozen_or_gone(world):
    web, address = world.processes.web()
    host = address.removeprefix("http://")
    healthy = [sys.executable, ROOT / "deploy" / "healthy.py"]
    environment = world.processes.environment() | {"WEB_BIND": host}

    def ask() -> int:
        with closing(http.client.HTTPConnection(host, timeout=60)) as connection:
            connection.request("GET", "/health/live")
            with connection.getresponse() as answer:
                return answer.status

    assert ask() == 200
    assert subprocess.run(healthy, env=environment, check=False).returncode == 0
    web.kill()
    with pytest.raises(ConnectionError):
        ask()
    ended = subprocess.run(healthy, env=environment, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr.startswith("No answer: ")) == (1, True)
