"""A shop of its own for a measurement: empty Postgres and Redis, the catalogue, worker, beat and web processes."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shop.local.catalogue import find_catalogue
from shop.local.machine import LocalError
from shop.local.processes import LocalProcess
from shop.local.servers import EmbeddedPostgres, EmbeddedRedis, free_port

ROOT = Path(__file__).resolve().parents[2]
CHILDREN = 2  # of the worker, as in the demo


class Setting:
    """Servers and processes in a folder that is removed afterwards; use it in a `with` statement."""

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="fashion-bench-")
        self.folder = Path(self._temporary.name)
        self.logs = self.folder / "log"
        self.postgres = EmbeddedPostgres(self.folder / "postgres", log=self.logs / "postgres.log")
        self.redis = EmbeddedRedis(self.folder / "redis", log=self.logs / "redis.log")
        self._processes: list[LocalProcess] = []

    def __enter__(self) -> "Setting":
        self.postgres.start()
        self.postgres.create_database("bench")
        self.redis.start()
        os.environ.update(
            DJANGO_SETTINGS_MODULE="shop.settings",
            SECRET_KEY="only-for-the-bench",
            DATABASE_URL=self.postgres.url("bench"),
            REDIS_URL=self.redis.url,
            ALLOWED_HOSTS="localhost,127.0.0.1",
            MEDIA_ROOT=str(self.folder / "media"),
            STATIC_ROOT=str(self.folder / "static"),
            SERVE_MEDIA="1",
        )
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        return self

    def __exit__(self, *_exception: object) -> None:
        for process in reversed(self._processes):
            process.stop()
        self.redis.stop()
        self.postgres.stop()
        self._temporary.cleanup()

    def import_catalogue(self, data: Path, *, limit: int | None) -> float:
        """Import the catalogue in `data` and return the seconds that it took."""
        options = find_catalogue(str(data), self.folder).import_options()
        if limit:
            options += ["--limit", str(limit)]
        began = time.monotonic()
        self.manage("import_catalogue", *options, "--report", str(self.folder / "report.csv"))
        return time.monotonic() - began

    def start_workers(self) -> None:
        """Start a Celery worker and beat, and wait until the worker takes tasks."""
        celery = ("-m", "celery", "-A", "shop")
        worker = self.start(
            "worker", *celery, "worker", "-P", "prefork", "-c", str(CHILDREN), "--loglevel", "INFO"
        )
        self.start("beat", *celery, "beat", "--schedule", str(self.folder / "beat"), "--pidfile", "")
        while " ready." not in worker.tail(100):
            if not worker.running:
                raise LocalError(f"The worker ended:\n{worker.tail()}")
            time.sleep(0.05)

    def start_web(self, processes: int = 1) -> tuple[LocalProcess, int]:
        """Start gunicorn with one worker process, as one of the demo's two, or with more; return it and its port."""
        port = free_port()
        options = [
            "--config",
            "deploy/gunicorn.conf.py",
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            str(processes),
        ]
        return self.start("web", "-m", "gunicorn", *options, "shop.wsgi"), port

    @property
    def processes(self) -> list[LocalProcess]:
        """What was started here, the first first."""
        return list(self._processes)

    def start(self, name: str, *arguments: str) -> LocalProcess:
        """Start a Python process that ends with this setting."""
        process = LocalProcess(name, [sys.executable, *arguments], log=self.logs / f"{name}.log", folder=ROOT)
        process.start()
        self._processes.append(process)
        return process

    def manage(self, *arguments: str) -> str:
        """Run a management command and return what it printed."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise LocalError(
                f"manage.py {arguments[0]} failed:\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}"
            )
        return result.stdout

    def index_status(self) -> dict:
        """What `search_index status` says."""
        return json.loads(self.manage("search_index", "status", "--json"))
