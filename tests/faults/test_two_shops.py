"""Two shops on one Redis, with one queue and one cache: neither acts on the other, and both are told."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from time import sleep

import psycopg
import pytest
from celery import current_app
from django.core.cache import caches
from django.db import connection

from search import checks, task_messages
from search.conf import get_settings, namespace
from search.encoders.artifact import read_manifest
from search.indexing import marks
from search.indexing.hnsw import build_indexes
from search.models import IndexVersion
from search.monitoring import neighbours
from search.monitoring.neighbours import probe_neighbours
from search.monitoring.service_probes import Ping, probe_queue
from shop.local.processes import LocalProcess
from tests.processes import ROOT, ShopProcesses, wait_until

pytestmark = pytest.mark.long

OTHER = "two_shops_other"


@dataclass
class OtherShop:
    """A shop with a database of its own on the same Postgres, and the same Redis."""

    url: str
    processes: ShopProcesses

    def environment(self, **given: str) -> dict[str, str]:
        return self.processes.environment() | {
            "DATABASE_URL": self.url, "DJANGO_SETTINGS_MODULE": "tests.shared_queue", **given,
        }  # fmt: skip

    def manage(self, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        environment = self.environment(**given)
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def worker(self, **given: str) -> LocalProcess:
        return _worker(self.processes, "other", self.environment(**given))

    def own_worker(self, *options: str) -> LocalProcess:
        """Start a worker of the shop of the tests, with the same queue."""
        environment = self.processes.environment() | {"DJANGO_SETTINGS_MODULE": "tests.shared_queue"}
        return _worker(self.processes, "own", environment, *options)

    def sweep(self, worker: LocalProcess | None = None, **given: str) -> None:
        """Have the other shop's worker sweep, as its beat does."""
        seen = worker.tail(1000).count("search.tasks.sweep") if worker else 0
        code = "from search.indexing.marks import publish; assert publish('sweep')"
        done = self.manage("shell", "-c", code, **given)
        assert not done.returncode, done.stderr
        if worker:
            wait_until(
                lambda: worker.tail(1000).count("search.tasks.sweep") >= seen + 2, seconds=180, what=worker
            )
        else:
            sleep(1)

    def ask(self, statement: str) -> list[tuple]:
        with psycopg.connect(self.url, autocommit=True) as other:
            return other.execute(statement).fetchall()

    def states(self) -> dict[int, str]:
        return dict(self.ask("SELECT id, state FROM fashion_search_indexversion ORDER BY id"))


def _worker(processes: ShopProcesses, name: str, environment: dict[str, str], *more: str) -> LocalProcess:
    return processes.worker("-n", f"{name}@%h", *more, name=name, environment=environment)


@pytest.fixture(scope="module")
def other_database(django_db_setup) -> Iterator[str]:
    """The address of a migrated database beside the test database."""
    address, question, options = os.environ["DATABASE_URL"].partition("?")
    server = address.rpartition("/")[0]
    url, rest = f"{server}/{OTHER}{question}{options}", f"{server}/postgres{question}{options}"
    with psycopg.connect(rest, autocommit=True) as administrator:
        administrator.execute(f"DROP DATABASE IF EXISTS {OTHER} WITH (FORCE)")
        administrator.execute(f"CREATE DATABASE {OTHER}")
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True)
    yield url
    with psycopg.connect(rest, autocommit=True) as administrator:
        administrator.execute(f"DROP DATABASE {OTHER} WITH (FORCE)")


@pytest.fixture
def other(other_database, shop_processes, settings, tiny_artifact, monkeypatch) -> Iterator[OtherShop]:
    """The other shop, and this one with the same queue and cache."""
    settings.FASHION_SEARCH = {"ARTIFACT": str(tiny_artifact), "SWEEP_SECONDS": 1}
    monkeypatch.setattr(caches["default"], "key_prefix", "")
    marks.breaker.close()
    with psycopg.connect(other_database, autocommit=True) as database:
        database.execute("TRUNCATE fashion_search_indexversion, fashion_search_loggedsearch CASCADE")
    before = {name: current_app.conf[name] for name in ("broker_transport_options", "task_default_queue")}
    shared = {
        name: value
        for name, value in before["broker_transport_options"].items()
        if name != "global_keyprefix"
    }
    _configure(broker_transport_options=shared, task_default_queue="celery")
    yield OtherShop(other_database, shop_processes)
    _configure(**before)


def _configure(**given: object) -> None:
    current_app.conf.update(given)
    # Celery keeps what it has made of its settings.
    for made in (
        "queues",
        "router",
        "default_queue",
        "default_exchange",
        "_producer_pool",
        "send_task_message",
    ):
        current_app.amqp.__dict__.pop(made, None)


def _version(pk: int, state: str) -> IndexVersion:
    """Add a version without products whose artifact is there and whose indexes are valid."""
    folder = get_settings().artifact
    version = IndexVersion.objects.create(
        pk=pk,
        artifact_path=str(folder),
        artifact_name="tiny",
        fingerprint=read_manifest(folder).fingerprint,
        dimension=32,
        state=state,
    )
    build_indexes(version)
    return version


def _copy_versions(url: str) -> None:
    """Give the other shop versions of the same numbers, as two shops have."""
    with psycopg.connect(url, autocommit=True) as database, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM fashion_search_indexversion ORDER BY id")
        names = ", ".join(column.name for column in cursor.description)
        for row in cursor.fetchall():
            values = ", ".join(["%s"] * len(row))
            database.execute(f"INSERT INTO fashion_search_indexversion ({names}) VALUES ({values})", row)
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname LIKE '%hnsw'")
        for (statement,) in cursor.fetchall():
            database.execute(statement.replace("INDEX ", "INDEX IF NOT EXISTS ", 1))


def _states() -> dict[int, str]:
    return {version.pk: version.state for version in IndexVersion.objects.order_by("pk")}


def test_a_task_of_one_shop_does_nothing_to_the_other_and_gets_home(other: OtherShop):
    _version(71, "retired")
    _version(72, "active")
    _copy_versions(other.url)
    taker = other.worker()

    assert marks.publish("activate_version", 71, expires=None)
    wait_until(lambda: "refuses search.tasks.activate_version" in taker.tail(200), seconds=180, what=taker)
    said = taker.tail(200)
    task = "search.tasks.activate_version(71,)"
    assert f"Shop {OTHER!r} refuses {task}, which shop {namespace()!r} has sent" in said
    assert "It is given back" in said
    assert other.states() == {71: "retired", 72: "active"}
    assert _states() == {71: "retired", 72: "active"}
    taker.stop()

    own = other.own_worker()
    assert marks.publish("sweep")
    wait_until(lambda: _states() == {71: "active", 72: "retired"}, seconds=180, what=own)
    assert other.states() == {71: "retired", 72: "active"}
    assert task_messages.send_again() == 0


def test_workers_of_the_other_shop_do_not_count(other: OtherShop):
    other.worker()
    ping = Ping()
    assert ping.count() == 0
    assert ping.others == 1
    workers = probe_queue(ping)[1]
    assert workers.state == "broken"
    assert "1 worker answered that belongs to another shop" in workers.sentence

    other.own_worker()
    ping = Ping()
    assert ping.count() == 1
    assert ping.idle_queues() == []
    assert probe_queue(ping)[1].sentence == "1 worker answered."


def test_a_worker_that_takes_from_another_queue_is_not_enough(other: OtherShop):
    other.own_worker("-Q", "mail")
    ping = Ping()
    assert ping.count() == 1
    workers = probe_queue(ping)[1]
    assert workers.state == "broken"
    assert "none takes from the queue celery" in workers.sentence


def test_a_shop_that_shares_the_queue_is_told(other: OtherShop):
    assert _ids(checks.check_neighbours(["default"])) == []
    other.sweep(other.worker())
    assert _ids(checks.check_neighbours(["default"])) == ["W016"]
    assert OTHER in checks.check_neighbours(["default"])[0].msg
    neighbours.leave_sign()
    sleep(
        3.1
    )  # whoever was there before may be this shop itself, before its database moved; who goes on is not
    other.sweep()
    neighbours.leave_sign()
    assert _ids(checks.check_neighbours(["default"])) == ["W016"]
    shown = {check.name: check.state for check in probe_neighbours()}
    assert shown == {"Other shops": "attention", "Shared cache and keys": "ok"}
    assert "fashion_search.W016" in other.manage("check", "--database", "default").stderr


def test_two_shops_of_one_name_are_an_error_and_still_do_not_act_on_each_other(other: OtherShop):
    _version(71, "retired")
    _version(72, "active")
    _copy_versions(other.url)
    name = {"FASHION_SEARCH": json.dumps({"NAMESPACE": namespace(), "SWEEP_SECONDS": 1})}
    taker = other.worker(**name)
    neighbours.leave_sign()
    other.sweep(taker, **name)
    sleep(2.1)
    other.sweep(taker, **name)
    neighbours.leave_sign()

    assert "E013" in _ids(checks.check_neighbours(["default"]))
    assert {check.name: check.state for check in probe_neighbours()}["Other shops"] == "broken"
    told = other.manage("check", "--database", "default", **name)
    assert told.returncode == 1
    assert "fashion_search.E013" in told.stderr

    assert marks.publish("activate_version", 71, expires=None)
    wait_until(lambda: "refuses search.tasks.activate_version" in taker.tail(200), seconds=180, what=taker)
    assert other.states() == {71: "retired", 72: "active"}


def test_shops_with_prefixes_do_not_see_each_other(other: OtherShop):
    _configure(
        broker_transport_options=current_app.conf.broker_transport_options
        | {"global_keyprefix": f"{namespace()}:"},
        task_default_queue="shop",
    )
    worker = other.worker(DJANGO_SETTINGS_MODULE="shop.settings")
    other.sweep(worker, DJANGO_SETTINGS_MODULE="shop.settings")
    neighbours.leave_sign()
    assert _ids(checks.check_neighbours(["default"])) == []
    assert Ping().count() == 0


def _ids(found: list) -> list[str]:
    return [message.id.removeprefix("fashion_search.") for message in found]
