"""Upgrades as docs/production.md describes them, while shoppers search: none is answered with an error or by keyword only."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.core.management import call_command

from search.models import IndexVersion
from shop.local.processes import LocalProcess
from tests.processes import ROOT, ShopProcesses, wait_until
from tests.tiny_artifact import write_tiny_artifact

WHOLE = "200"
# What systemd does for fashion-web.service: the socket stays its own, and gunicorn finds it as descriptor 3.
WITH_SOCKET = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "shop.wsgi"])
"""


class Shopper:
    """A thread that searches, one request after the other, and keeps what came of each."""

    def __init__(self, port: int) -> None:
        self.outcomes: list[str] = []
        self._address = f"http://127.0.0.1:{port}/api/v1/search/?q="
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Shopper":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let the search that is under way be answered, and begin no other."""
        self._stopped.set()
        self._thread.join()

    def is_served(self, number: int) -> bool:
        """Whether at least so many searches have been answered, and fail if one of them was not whole."""
        assert set(self.outcomes) <= {WHOLE}, self.outcomes
        return len(self.outcomes) >= number

    def _run(self) -> None:
        number = 0
        while not self._stopped.wait(0.02):
            number += 1
            try:
                with urllib.request.urlopen(f"{self._address}red+shirt+{number}", timeout=120) as answer:
                    degraded = json.load(answer)["degraded"]
                    self.outcomes.append(f"{answer.status}{degraded and f' {degraded}'}")
            except OSError as error:
                self.outcomes.append(str(error))


@pytest.fixture
def indexed(catalogue, shop_processes: ShopProcesses, settings) -> LocalProcess:
    """The worker, when it has indexed the catalogue."""
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"API_RATE": ""}
    shop_processes.beat()
    worker = shop_processes.worker()
    call_command("search_index", "rebuild")
    wait_until(lambda: IndexVersion.objects.active() is not None, seconds=180, what=worker)
    return worker


@pytest.mark.long
def test_no_search_notices_another_artifact_nor_the_way_back(
    indexed, shop_processes: ShopProcesses, settings, tmp_path: Path
):
    first = IndexVersion.objects.active()
    manifest = write_tiny_artifact(tmp_path / "artifact-2", name="second", seed=8)
    _, address = shop_processes.web()
    with Shopper(int(address.rpartition(":")[2])) as shopper:
        _wait_for_searches(shopper)
        # Web and worker keep the environment that they were started with; the command alone names the new artifact.
        settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"ARTIFACT": str(tmp_path / "artifact-2")}
        call_command("search_index", "rebuild")
        wait_until(lambda: IndexVersion.objects.active() != first, seconds=180, what=indexed)
        assert IndexVersion.objects.active().fingerprint == manifest.fingerprint != first.fingerprint
        _wait_for_searches(shopper)
        call_command("search_index", "rollback", "--noinput")
        assert IndexVersion.objects.active() == first
        _wait_for_searches(shopper)


@pytest.mark.long
def test_no_search_notices_a_restart_of_the_web_server(
    indexed, shop_processes: ShopProcesses, tmp_path: Path
):
    with (
        socket.create_server(("127.0.0.1", 0), backlog=256) as held,
        Shopper(held.getsockname()[1]) as shopper,
    ):
        with _web(held, shop_processes, tmp_path) as before:
            _wait_for_searches(shopper)
            before.send_signal(signal.SIGTERM)
            assert before.wait(40) == 0
        with _web(held, shop_processes, tmp_path):
            _wait_for_searches(shopper)
            shopper.stop()
        assert shopper.is_served(40)


def _wait_for_searches(shopper: Shopper) -> None:
    enough = len(shopper.outcomes) + 20
    wait_until(lambda: shopper.is_served(enough), seconds=180)


@contextmanager
def _web(held: socket.socket, processes: ShopProcesses, folder: Path) -> Iterator[subprocess.Popen]:
    """Gunicorn on a socket that it is handed, with the settings of production."""
    with (folder / "web.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", WITH_SOCKET, str(held.fileno())],
            env={**processes.environment(), "WEB_PROCESSES": "1"},
            cwd=ROOT,
            stdout=log,
            stderr=log,
            pass_fds=[held.fileno()],
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
