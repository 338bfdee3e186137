"""Each line of the dashboard says something else than "ok" once a real fault is done, and no line is without a fault."""

import json
import threading
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from search.indexing import building, status
from search.indexing.hnsw import drop_indexes
from search.insight import log_store
from search.models import Build, IndexVersion, SearchDay
from search.monitoring.dashboard import read_board
from search.monitoring.probes import Finding, State
from shop.models import Product
from tests.search.alarms.world import Fault, World, lines

FAULTS: dict[str, Fault] = {}
line = lines(FAULTS)
NEED_A_WORKER = ("Search", "Workers")  # one is started for both


def board() -> dict[str, Finding]:
    read = read_board()
    return {check.name: check for check in (read.summary, *read.checks)}


@line("Search")
def one_line_is_not_well(world: World) -> None:
    IndexVersion.objects.update(ann_recall=0.5)


@line("Postgres")
def postgres_is_slow(world: World) -> None:
    """Somebody holds the table that tells of extensions."""
    other = psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor})
    other.execute("LOCK TABLE pg_extension IN ACCESS EXCLUSIVE MODE")
    threading.Timer(0.5, other.close).start()


line("Task queue")(World.lose_the_broker)
line("Active version")(World.lose_the_versions)
line("New version")(World.build_a_worse_version)
line("Artifact")(World.lose_the_artifact)
line("Pictures")(World.lose_the_pictures)
line("Picture embeddings")(World.lose_picture_embeddings)
line("Text search configuration")(World.lose_the_configuration)
line("Documents")(World.save_an_odd_document)
line("Cards")(World.fail_a_card)
line("Versions")(World.leave_an_index_behind)
line("Up to date")(World.let_nobody_index)
line("Failed products")(World.park_a_product)
line("Periodic tasks")(World.fail_a_task)
line("Connections")(World.take_no_writes)


@line("Replicas")
def a_replica_that_is_not_there(world: World) -> None:
    world.configure(READ_REPLICAS=["nowhere"])


line("Other shops")(World.let_another_shop_in)


@line("Shared cache and keys")
def another_secret_key(world: World) -> None:
    world.settings.SECRET_KEY = "another"


@line("Search log")
def nobody_drains_the_log(world: World) -> None:
    with log_store.connect() as client:
        old = json.dumps({"kind": "search", "at": (timezone.now() - timedelta(hours=1)).isoformat()})
        client.rpush(log_store.list_name(), old)


@line("Workers")
def the_worker_is_killed(world: World) -> None:
    world.processes.kill()


@line("HNSW indexes")
def an_index_is_lost(world: World) -> None:
    drop_indexes(world.version.pk)


@line("ANN recall")
def the_recall_was_low(world: World) -> None:
    IndexVersion.objects.update(ann_recall=0.9)


@line("Entries")
def products_were_written_without_signals(world: World) -> None:
    category = Product.objects.first().category
    Product.objects.bulk_create([Product(sku="A9", slug="a9", name="Hat", category=category)])


@line("Builds")
def a_build_does_not_move(world: World) -> None:
    building.request_build("rebuild", by="anna")
    Build.objects.update(moved_at=timezone.now() - timedelta(seconds=status.STALL_SECONDS + 1))


@line("Response times")
def searches_are_slow(world: World) -> None:
    now = timezone.now()
    counts = dict.fromkeys(("visits", "zero", "clicked", "clicks", "carts", "degraded"), 0)
    took = {"p50_ms": 900.0, "p95_ms": 4000.0, "p99_ms": 5000.0}
    SearchDay.objects.create(day=timezone.localdate(), searches=9, pages=9, rolled_at=now, **counts, **took)


def test_every_line_has_a_fault_and_is_ok_without(world):
    world.processes.worker()
    checks = board()
    assert checks.keys() == FAULTS.keys()
    assert {check.name: check.sentence for check in checks.values() if check.state is not State.OK} == {}

    for name in NEED_A_WORKER:
        see(name, world)


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in NEED_A_WORKER])
def test_a_fault_is_seen(world, name):
    see(name, world)


def see(name: str, world: World) -> None:
    """Do a fault, and look at its line."""
    FAULTS[name](world)
    check = board()[name]
    assert check.state is not State.OK
    assert check.remedy or name in ("Search",)
