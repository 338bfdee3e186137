"""The wheels, installed into a shop that has an app `search` of its own: worker, beat, admin, API and tags there."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from lab.processes import wait_until
from search.conf import NO_MODEL
from shop.local.processes import LocalProcess
from tests.wheels import Wheels, build, install

PROJECT = Path(__file__).resolve().parent / "wheel_host"
DATABASE = "wheel_host"


class Host:
    """The shop in a folder of its own, with the wheels installed beside it."""

    def __init__(self, folder: Path, wheels: Wheels) -> None:
        self.folder, self.installed = folder / "shop", folder / "installed"
        self.models = folder / "models"
        shutil.copytree(PROJECT, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        install(wheels.plugin, self.installed)
        install(wheels.model, self.models)
        address, _, options = os.environ["DATABASE_URL"].partition("?")
        self.server = f"{address.rpartition('/')[0]}/postgres?{options}".rstrip("?")
        self.database = f"{address.rpartition('/')[0]}/{DATABASE}?{options}".rstrip("?")

    def environment(self, *, model: bool = True, **others: str) -> dict[str, str]:
        """The variables of a process of the shop, which sees no file of this repository."""
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "REDIS_URL", "OMP_NUM_THREADS")
            if name in os.environ
        }
        packages = [self.installed, *([self.models] if model else [])]
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join(map(str, packages)),
            "PYTHONWARNINGS": "error",
            "DATABASE_URL": self.database,
            **others,
        }

    def run(self, *arguments: str, model: bool = True, succeeds: bool = True, **others: str) -> str:
        """Run Python in the shop's folder and return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment(model=model, **others),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
        return done.stdout + ("" if succeeds else done.stderr)

    def process(self, name: str, *arguments: str) -> LocalProcess:
        """Start a process of the shop."""
        process = LocalProcess(
            name,
            [sys.executable, "-m", "celery", "-A", "project", *arguments],
            log=self.folder / f"{name}.log",
            environment=self.environment(PYTHONWARNINGS="default"),
            folder=self.folder,
        )
        process.start()
        return process


@pytest.fixture(scope="module")
def host(tmp_path_factory, postgres_server, redis_server) -> Iterator[Host]:
    """The shop with its tables made and its products in them."""
    host = Host(tmp_path_factory.mktemp("wheel-host"), build(tmp_path_factory.mktemp("wheels")))
    with psycopg.connect(host.server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    host.run("manage.py", "makemigrations", "catalogue", "search")
    host.run("manage.py", "migrate")
    host.run("manage.py", "fill")
    yield host
    with psycopg.connect(host.server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        for key in client.scan_iter("*wheel-host*"):
            client.delete(key)


def test_without_the_models_that_ship_each_way_in_says_what_to_install(host):
    told = host.run("manage.py", "check", "--database", "default", model=False, succeeds=False)
    assert f"(fashion_search.E003) {NO_MODEL}" in told
    told = host.run("manage.py", "search_index", "rebuild", model=False, succeeds=False)
    assert NO_MODEL in told
    own = json.dumps({"ARTIFACT": str(host.models / "fashion_search_model" / "light")})
    host.run("manage.py", "check", "--database", "default", model=False, FASHION_SEARCH=own)
    for name in ("light", "resnet50"):
        chosen = json.dumps({"ARTIFACT": name})
        host.run("manage.py", "check", "--database", "default", FASHION_SEARCH=chosen)


def test_no_migration_is_missing(host):
    assert host.run("manage.py", "makemigrations", "--check", "--dry-run") == "No changes detected\n"


def test_worker_beat_admin_api_and_tags_run_under_the_name_of_the_wheel(host):
    queues = ("-Q", "plugin,own", "-c", "1", "--without-gossip", "--without-mingle", "--loglevel", "INFO")
    worker = host.process("worker", "worker", *queues)
    beat = host.process(
        "beat", "beat", "--schedule", str(host.folder / "beat"), "--pidfile", "", "--loglevel", "INFO"
    )
    try:
        wait_until(lambda: " ready." in worker.tail(100), seconds=60, what=worker)
        host.run("manage.py", "search_index", "rebuild", "--wait")
        host.run("manage.py", "shell", "-c", "from search.tasks import count_saved; count_saved.delay(1)")
        count = "from search.models import SavedSearch; print('found', SavedSearch.objects.get().found)"
        wait_until(
            lambda: "found None" not in host.run("manage.py", "shell", "-c", count),
            seconds=60,
            every=1,
            what=worker,
        )
        wait_until(
            lambda: "Task fashion_search.tasks.sweep" in worker.tail(500), seconds=60, every=0.5, what=worker
        )
        seen = json.loads(host.run("manage.py", "look"))
        host.run("manage.py", "search_index", "verify")
    finally:
        beat.stop()
        worker.stop()

    assert seen["files"] == [
        str(host.installed / "fashion_search" / "__init__.py"),
        str(host.folder / "search" / "__init__.py"),
    ]
    assert seen["apps"] == {"fashion_search": "fashion_search", "search": "search"}
    assert seen["results"][0] == "Red Dress"
    assert seen["saved"]
    assert seen["api"] == [200, 200, 200]
    assert seen["ready"] == 200
    assert seen["tags"] == [True, True, True]
    assert seen["admin"] == {}
    assert seen["pages"] > 15
    assert seen["product admin"] == [200, 200]
    assert seen["tasks"] == ["fashion_search.tasks", "search.tasks"]
    assert seen["migrations"] == ["fashion_search", "search"]
    assert seen["loggers"] == ["fashion_search"]
    assert seen["moved"] == [True, "fashion_search.searching is now fashion_search.engine."]
    assert seen["by the folder's name"] == []
    assert "SteadyScheduler" in beat.log.read_text()
    assert "Task search.tasks.count_saved" in worker.log.read_text()
