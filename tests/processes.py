"""The shop's own processes - worker, beat, web - started by tests against the test database."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

from shop.local.processes import LocalProcess
from shop.local.servers import free_port

ROOT = Path(__file__).resolve().parent.parent


class ShopProcesses:
    """Starts processes and ends all of them; each is told the test's settings as they are at that moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: list[LocalProcess] = []

    def worker(self, *, children: int = 1, wait: bool = True) -> LocalProcess:
        """Start a Celery worker and, unless `wait` is False, wait until it takes tasks."""
        options = [
            "-P",
            "prefork",
            "-c",
            str(children),
            "--loglevel",
            "INFO",
            "--without-gossip",
            "--without-mingle",
        ]
        process = self._start("worker", "celery", "-A", "shop", "worker", *options)
        if wait:
            wait_until(lambda: "ready." in process.tail(50), seconds=60, what=process)
        return process

    def beat(self) -> LocalProcess:
        """Start Celery beat."""
        schedule = self.folder / "beat-schedule"
        return self._start(
            "beat", "celery", "-A", "shop", "beat", "--schedule", str(schedule), "--pidfile", ""
        )

    def web(self) -> tuple[LocalProcess, str]:
        """Start gunicorn; return it and its address, once it listens."""
        address = f"127.0.0.1:{free_port()}"
        options = ["--config", "deploy/gunicorn.conf.py", "--bind", address, "--workers", "1"]
        process = self._start("web", "gunicorn", *options, "shop.wsgi")
        wait_until(lambda: "Booting worker" in process.tail(50), seconds=30, what=process)
        return process, f"http://{address}"

    def stop(self) -> None:
        """End all of them, the last first."""
        for process in reversed(self._processes):
            process.kill()

    def empty_broker(self) -> None:
        """Remove what other tests left in Redis."""
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushdb()

    def environment(self) -> dict[str, str]:
        """Return the variables that lead a process to the test's database, Redis, files and settings."""
        address = os.environ["DATABASE_URL"].partition("?")
        database = (
            f"{address[0].rpartition('/')[0]}/{connection.settings_dict['NAME']}{address[1]}{address[2]}"
        )
        return {
            **os.environ,
            "DATABASE_URL": database,
            "REDIS_URL": settings.REDIS_URL,
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
            "FASHION_SEARCH": json.dumps(settings.FASHION_SEARCH, default=str),
        }

    def _start(self, name: str, program: str, *arguments: str) -> LocalProcess:
        process = LocalProcess(
            name,
            [sys.executable, "-m", program, *arguments],
            log=self.folder / f"{name}-{len(self._processes)}.log",
            environment=self.environment(),
            folder=ROOT,
        )
        self._processes.append(process)
        process.start()
        return process


def wait_until(
    condition: Callable[[], object], *, seconds: float, what: LocalProcess | str = "", every: float = 0.1
) -> None:
    """Wait until `condition`, looked at `every` so many seconds, is true; fail with the end of the process's log after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            detail = what.tail(30) if isinstance(what, LocalProcess) else what
            raise AssertionError(f"Not within {seconds} s. {detail}")
        if isinstance(what, LocalProcess) and what.returncode is not None:
            raise AssertionError(f"{what.name} ended with status {what.returncode}:\n{what.tail(30)}")
        time.sleep(every)
