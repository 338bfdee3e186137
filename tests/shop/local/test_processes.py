"""Processes of the demo, and the supervisor that watches them."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from shop.local.machine import LocalError
from shop.local.processes import LocalProcess, Supervisor, end_leftovers
from tests.processes import wait_until

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
# Starts a child of its own, prints its number, and ignores the polite signal.
PARENT = [
    sys.executable,
    "-c",
    (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)"
    ),
]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]):
    supervisor = Supervisor(tmp_path / "processes.json", say=said.append)
    yield supervisor
    supervisor.stop()


def test_stop_leaves_no_process_behind_even_of_one_that_ignores_the_signal(supervisor, tmp_path):
    process = LocalProcess("stubborn", PARENT, log=tmp_path / "log", patience=0.3)
    supervisor.start(process)
    wait_until(lambda: process.tail(), seconds=180)
    child = int(process.tail())
    supervisor.stop()
    assert process.returncode == -signal.SIGKILL
    wait_until(lambda: not _alive(child), seconds=180)
    assert not (tmp_path / "processes.json").exists()


def test_a_process_that_dies_is_reported_with_its_log_and_started_again(supervisor, said, tmp_path):
    process = LocalProcess("web", SLEEP, log=tmp_path / "web.log")
    supervisor.start(process)
    (tmp_path / "web.log").write_text("the last line\n")
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not process.running, seconds=180)
    supervisor.watch()
    assert said == [
        f"web ended (by SIGKILL). The end of {tmp_path / 'web.log'}:\nthe last line\nStarting web again."
    ]
    assert process.running


def test_a_process_that_keeps_dying_is_given_up(supervisor, tmp_path):
    process = LocalProcess("web", [sys.executable, "-c", "raise SystemExit(3)"], log=tmp_path / "web.log")
    supervisor.start(process)
    with pytest.raises(LocalError, match=r"^web ended \(with exit status 3\)"):  # noqa: PT012
        while True:
            wait_until(lambda: not process.running, seconds=180)
            supervisor.watch()


def test_run_returns_the_exit_status(supervisor, tmp_path):
    assert supervisor.run(LocalProcess("once", [sys.executable, "-c", "exit(7)"], log=tmp_path / "log")) == 7


def test_what_a_killed_demo_left_behind_is_ended_and_nothing_else(tmp_path, said):
    file = tmp_path / "processes.json"
    killed = Supervisor(file, say=said.append)
    left = LocalProcess("worker", SLEEP, log=tmp_path / "log")
    other = LocalProcess("other", SLEEP, log=tmp_path / "log")
    killed.start(left)
    other.start()
    # The number of a process that ended long ago, which another process has now.
    file.write_text(
        file.read_text()[:-1] + f', {{"name": "old", "pid": {other.pid}, "created": 1.0, "signal": 15}}]'
    )
    try:
        assert end_leftovers(file) == ["worker"]
        assert not left.running
        assert other.running
        assert end_leftovers(file) == []
    finally:
        left.kill()
        other.kill()


def _alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.long
def test_a_worker_process_starts_is_killed_and_starts_again(shop_processes, settings):
    worker = shop_processes.worker()
    worker.kill()
    assert worker.returncode == -9
    again = shop_processes.worker()
    assert again.running
