"""`make demo`: the whole shop on this machine, from empty folder to the line Ready, and away again with Ctrl-C."""

import json
import os
import shutil
import signal
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

from .catalogue import DRAWN, Catalogue, find_catalogue, must_fill, note_filled
from .machine import (
    LOCAL,
    ROOT,
    LocalError,
    admin_login,
    check_disk,
    check_port,
    secret_key,
    take_lock,
    write_environment,
)
from .processes import LocalProcess, Supervisor, end_leftovers
from .servers import EmbeddedPostgres, EmbeddedRedis

WEB_SECONDS = 60


@dataclass
class Demo:
    """One run of the demo; `run` returns when it is asked to stop."""

    port: int
    catalogue: Catalogue
    local: Path = LOCAL
    artifact: str = ""  # instead of the settings' one
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.logs = self.local / "log"
        self.supervisor = Supervisor(self.local / "run" / "processes.json", say=self.say)
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment: dict[str, str] = {}

    def run(self) -> None:
        """Start everything, say Ready, and watch until SIGINT, SIGTERM or SIGHUP.

        Raises:
            LocalError: something on this machine prevents it.
        """
        self.local.mkdir(parents=True, exist_ok=True)
        lock = take_lock(self.local / "demo.lock")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        try:
            self._start()
            while True:
                self.supervisor.watch()
                time.sleep(0.5)
        except KeyboardInterrupt:
            self.say("Stopping.")
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            self.supervisor.stop()
            (self.local / "run" / "environment.json").unlink(missing_ok=True)
            lock.close()
        self.say("Everything is stopped.")

    def say(self, text: str) -> None:
        """Print a line with the seconds since the start."""
        print(f"[{time.monotonic() - self.began:4.0f} s] {text}", flush=True)

    def _start(self) -> None:
        for name in end_leftovers(self.local / "run" / "processes.json"):
            self.say(f"Ended {name}, left behind by an earlier run.")
        check_port(self.port)
        check_disk(self.local)
        login = admin_login(self.local)
        self._start_services()
        self._prepare()
        write_environment(
            {name: value for name, value in self.environment.items() if name not in os.environ},
            self.local / "run" / "environment.json",
        )
        self.say("The database is ready.")
        self._start_web()
        self.say(f"Browse already: {self.address} (products and search are filling in)")
        self._fill()
        self._start_worker()
        self._index()
        password = login.password if login.fresh else f"see {self.local / 'admin-password'}"
        print(f"Admin: {self.address}/admin/ user {login.name}, password {password}")
        print(f"Ready: {self.address}", flush=True)
        print("Ctrl-C stops it. Logs: " + os.path.relpath(self.logs), flush=True)

    def _start_services(self) -> None:
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "SECRET_KEY": secret_key(self.local),
            "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
            "MEDIA_ROOT": str(self.local / "media" / self.catalogue.name),
            "STATIC_ROOT": str(self.local / "static"),
            "SERVE_MEDIA": "1",
            **os.environ,
        }
        if self.artifact:
            given = json.loads(self.environment.get("FASHION_SEARCH") or "{}")
            self.environment["FASHION_SEARCH"] = json.dumps({**given, "ARTIFACT": self.artifact})
        if "DATABASE_URL" not in os.environ:
            postgres = EmbeddedPostgres(self.local / "postgres", log=self.logs / "postgres.log")
            self.supervisor.start_service(postgres)
            postgres.create_database(self.catalogue.database)
            self.environment["DATABASE_URL"] = postgres.url(self.catalogue.database)
        if "REDIS_URL" not in os.environ:
            redis = EmbeddedRedis(self.local / "redis", log=self.logs / "redis.log")
            self.supervisor.start_service(redis)
            self.environment["REDIS_URL"] = redis.url

    def _start_web(self) -> None:
        options = ["--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--graceful-timeout", "5"]
        web = self._process(
            "web", "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", *options, "shop.wsgi"
        )
        self.supervisor.start(web)
        deadline = time.monotonic() + WEB_SECONDS
        while not _answers(self.port):
            if not web.running or time.monotonic() > deadline:
                raise LocalError(f"The web server does not answer. The end of {web.log}:\n{web.tail()}")
            time.sleep(0.2)

    def _start_worker(self) -> None:
        celery = ("-m", "celery", "-A", "shop")
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        self.supervisor.start(
            self._process(
                "worker", *celery, "worker", "-P", "prefork", "-c", "2", "--loglevel", "INFO", *quiet
            )
        )
        schedule = str(self.local / "run" / "beat-schedule")
        self.supervisor.start(
            self._process(
                "beat", *celery, "beat", "--loglevel", "INFO", "--schedule", schedule, "--pidfile", ""
            )
        )

    def _fill(self) -> None:
        url = self.environment["DATABASE_URL"]
        if not must_fill(url, self.catalogue):
            return
        if self.catalogue.drawn and not self.catalogue.folder.exists():
            self._draw()
        report = self.local / "run" / "import_report.csv"
        report.unlink(missing_ok=True)
        options = [*self.catalogue.import_options(), "--report", str(report)]
        process = self._process("import", "manage.py", "import_catalogue", *options, terminal=True)
        status = self.supervisor.run(process)
        if status and not report.exists():
            raise LocalError(f"The catalogue could not be imported (exit status {status}).")
        if status:
            self.say(f"Some rows could not be imported; {report} names them.")
        note_filled(url, self.catalogue)
        self.say("The catalogue is in.")

    def _draw(self) -> None:
        self.say(f"Drawing {DRAWN} products.")
        unfinished = self.catalogue.folder.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        arguments = ("-m", "sample_catalogue", "--count", str(DRAWN), "--out", str(unfinished))
        if self.supervisor.run(self._process("draw", *arguments, terminal=True)):
            raise LocalError("The sample catalogue could not be drawn.")
        unfinished.rename(self.catalogue.folder)

    def _index(self) -> None:
        process = self._process(
            "index", "manage.py", "search_index", "rebuild", "--wait", "--noinput", terminal=True
        )
        if self.supervisor.run(process):
            raise LocalError(f"The search index could not be built; see {self.logs / 'worker.log'}.")

    def _prepare(self) -> None:
        process = self._process("prepare", "-m", "shop.local", "prepare", str(self.local))
        if self.supervisor.run(process):
            raise LocalError(
                f"The database could not be prepared. The end of {process.log}:\n{process.tail()}"
            )

    def _process(self, name: str, *arguments: str, terminal: bool = False) -> LocalProcess:
        return LocalProcess(
            name,
            [sys.executable, *arguments],
            log=None if terminal else self.logs / f"{name}.log",
            environment=self.environment,
            folder=ROOT,
        )


def start_demo(*, port: int, catalogue: str, local: Path = LOCAL, artifact: str = "") -> None:
    """Run the demo until it is stopped.

    Args:
        port: where the web server listens.
        catalogue: folder of a catalogue; empty for the drawn one.
        local: folder of its databases, media, logs and secrets.
        artifact: name or folder of the artifact to search with; empty for that of the settings.
    """
    Demo(port=port, catalogue=find_catalogue(catalogue, local), local=local, artifact=artifact).run()


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)  # not urllib, which would ask a proxy
    with suppress(OSError, HTTPException), closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    return False


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
