"""The whole shop behind a real PgBouncer in transaction mode with three server connections."""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from lab.pgbouncer import MISSING, PgBouncer, program
from lab.traffic import ask
from search.models import Build, IndexEntry, IndexVersion, StaleProduct, StepLock
from tests.processes import ROOT, wait_until

SIZE = 3
LEFT = """
SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('transaction_timeout', true),
    current_setting('enable_seqscan'), current_setting('max_parallel_maintenance_workers') = (
        SELECT reset_val FROM pg_settings WHERE name = 'max_parallel_maintenance_workers'),
    (SELECT count(*) FROM pg_cursors), (SELECT count(*) FROM pg_prepared_statements),
    (SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relnamespace = pg_my_temp_schema())
"""


@pytest.fixture
def pooler(catalogue, monkeypatch, tmp_path):
    """Processes that are started from here on reach the test's database through it; its statements may last 20 s."""
    if not program():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    folder = Path(f"/tmp/pgbouncer-{os.getpid()}-{tmp_path.name}")  # an account of its own walks down to it
    direct = os.environ["DATABASE_URL"]
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {connection.ops.quote_name(name)} SET statement_timeout = '20s'")
    pooler = PgBouncer(folder, postgres=direct, size=SIZE)
    pooler.start()
    monkeypatch.setenv("DATABASE_URL", pooler.url("fashion"))
    monkeypatch.setenv("MAINTENANCE_DATABASE_URL", f"{direct.rpartition('/')[0]}/{name}")
    yield pooler
    pooler.stop()
    shutil.rmtree(folder, ignore_errors=True)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {connection.ops.quote_name(name)} RESET statement_timeout")


class _Shoppers(Thread):
    """Search again and again."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._port = urlsplit(address).port
        self.over = Event()
        self.statuses: Counter[int] = Counter()

    def run(self) -> None:
        while not self.over.wait(0.2):
            self.statuses[ask(self._port, "/api/v1/search/?q=red+shirt").status] += 1


def _manage(processes, *arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=processes.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


@pytest.mark.long
def test_an_index_is_built_by_two_workers_while_shoppers_search(pooler, catalogue, shop_processes):
    before = _deadlocks()
    workers = [shop_processes.worker(children=2, wait=False), shop_processes.worker(children=2)]
    shop_processes.beat()
    web, address = shop_processes.web()
    shoppers = _Shoppers(address)
    shoppers.start()
    _manage(shop_processes, "search_index", "rebuild", "--noinput")
    for product in catalogue[:30]:
        product.price = 7
        product.save()
    wait_until(lambda: IndexVersion.objects.active() is not None, seconds=180, what=workers[0])
    _manage(shop_processes, "search_index", "reconcile")
    _manage(shop_processes, "search_index", "rebuild", "--force", "--noinput")
    wait_until(lambda: IndexVersion.objects.filter(state="retired").exists(), seconds=180, what=workers[0])
    wait_until(_is_left_to_two_versions, seconds=180, what=workers[0])

    shoppers.over.set()
    shoppers.join()
    assert "ok     connections: " in _manage(shop_processes, "search_index", "verify")
    assert set(shoppers.statuses) == {200}, shoppers.statuses
    assert shoppers.statuses[200] > 10
    entries = IndexEntry.objects.filter(version=IndexVersion.objects.active())
    assert (entries.count(), entries.filter(price=7).count()) == (400, 30)
    for process in (*workers, web):
        said = process.log.read_text(errors="replace")
        assert "Traceback" not in said, said[-4000:]
    assert _deadlocks() == before
    for process in (*workers, web):
        process.kill()
    assert _left_on_sessions(pooler) == [("20s", "0", "0", "on", True, 0, 0, 0)] * SIZE
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert cursor.fetchone() == (0,)


def _is_left_to_two_versions() -> bool:
    states = sorted(IndexVersion.objects.values_list("state", flat=True))
    return (
        states == ["active", "retired"]
        and not Build.objects.running().exists()
        and not StaleProduct.objects.exists()
    )


def _left_on_sessions(pooler: PgBouncer) -> list[tuple]:
    """What every server connection of the pooler has kept, all of them held at the same time."""
    url = pooler.url(connection.settings_dict["NAME"])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:  # what a killed client left open is closed by the pooler
        with ExitStack() as stack:
            clients = [stack.enter_context(psycopg.connect(url)) for _ in range(SIZE)]
            try:
                pids = {client.execute("SELECT pg_backend_pid()").fetchone()[0] for client in clients}
                found = [client.execute(LEFT).fetchone() for client in clients]
            except psycopg.OperationalError:
                continue
            assert len(pids) == SIZE
            return found
    raise AssertionError("The pooler's connections were never free at the same time.")


@pytest.mark.long
def test_a_build_says_what_keeps_its_index_from_being_built(pooler, catalogue, shop_processes, monkeypatch):
    monkeypatch.delenv("MAINTENANCE_DATABASE_URL")
    shop_processes.beat()
    worker = shop_processes.worker(children=2)
    _manage(shop_processes, "search_index", "rebuild", "--noinput")
    build = Build.objects.get()

    def reason() -> str:
        build.refresh_from_db()
        return build.reason

    wait_until(lambda: "MAINTENANCE_DATABASE" in reason(), seconds=180, what=worker)
    assert "reached through a pooler in transaction mode" in reason()
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--database", "default"],
        cwd=ROOT,
        env=shop_processes.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "(fashion_search.W018)" in result.stderr
    wait_until(lambda: not StepLock.objects.exists(), seconds=180, what=worker, every=0.01)
