"""Cache, search log and Celery behind a real Sentinel process, whose master is killed."""

import json
import subprocess
import sys

import pytest
from django.core.cache import caches

from lab.sentinel import RedisWithSentinel
from search.insight import log_store
from search.redis_clients import client_of
from tests.processes import ROOT, wait_until

PATIENCE = 90.0  # seconds for what takes two on an idle machine

pytestmark = pytest.mark.long


@pytest.fixture
def sentinel(tmp_path):
    """Two servers of Redis and their Sentinel."""
    servers = RedisWithSentinel(tmp_path / "sentinel")
    servers.start()
    yield servers
    servers.stop()


@pytest.fixture
def shop(sentinel, settings, shop_processes):
    """The shop on them: its settings as a new process has them, and a worker of its own."""
    settings.REDIS_URL = sentinel.url
    printed = "import json; from django.conf import settings as s; print(json.dumps([s.CACHES, s.CELERY_BROKER_URL]))"
    given = {**shop_processes.environment(), "DJANGO_SETTINGS_MODULE": "shop.settings"}
    command = [sys.executable, "-c", printed]
    read = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=True)
    caches_read, broker = json.loads(read.stdout)
    settings.CACHES = caches_read
    settings.FASHION_SEARCH = {**settings.FASHION_SEARCH, "INSIGHT_REDIS_URL": sentinel.url}
    assert broker.startswith("sentinel://")
    return shop_processes


def _worker_answers(processes) -> bool:
    command = [sys.executable, "-m", "celery", "-A", "shop", "inspect", "ping", "--timeout", "5"]
    asked = subprocess.run(
        command, cwd=ROOT, env=processes.environment(), capture_output=True, text=True, check=False
    )
    return asked.returncode == 0 and "pong" in asked.stdout


def _keeps(value: str) -> bool:
    try:
        caches["default"].set("kept", value)
        return caches["default"].get("kept") == value
    except Exception:  # noqa: BLE001 - whatever it is, the new master does not answer yet
        return False


def _logs(line: str) -> bool:
    try:
        log_store.append([line])
        return log_store.oldest(1) == [line.encode()]
    except Exception:  # noqa: BLE001 - as above
        return False


def test_another_master_takes_over(sentinel, shop):
    worker = shop.worker()
    wait_until(lambda: _worker_answers(shop), seconds=PATIENCE, what=worker)
    assert _keeps("before")
    assert _logs('{"at": "before"}')
    former = sentinel.master()

    sentinel.kill_master()
    wait_until(lambda: sentinel.master() != former, seconds=PATIENCE, what=sentinel.sentinel)
    wait_until(lambda: _keeps("after"), seconds=PATIENCE, what=sentinel.sentinel)
    wait_until(lambda: log_store.measure_waiting() is not None, seconds=PATIENCE)
    client_of(sentinel.url).delete(log_store.list_name())
    wait_until(lambda: _logs('{"at": "after"}'), seconds=PATIENCE)
    wait_until(lambda: _worker_answers(shop), seconds=PATIENCE, what=worker)
    assert worker.running


def test_the_checks_find_nothing_wrong(shop):
    command = [sys.executable, "manage.py", "check"]
    checked = subprocess.run(
        command, cwd=ROOT, env=shop.environment(), capture_output=True, text=True, check=False
    )
    assert "no issues" in checked.stdout + checked.stderr
