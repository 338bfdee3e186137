"""A shop in a virtual environment of its own, which is set up by steps and then runs its own processes."""

import http.cookiejar
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lab.processes import wait_until
from shop.local.processes import LocalProcess
from shop.local.servers import EmbeddedPostgres, EmbeddedRedis, free_port
from tests.hosts.drawn import draw
from tests.hosts.page import PAGE, Step, steps_for
from tests.wheels import build

NAME = "mysite"
INSTALL_SECONDS = 500  # that pip may take; a cold cache and two cores that have other work


@dataclass(frozen=True)
class Project:
    """How a project is made, and where it has its settings."""

    start: str = f"django-admin startproject {NAME} ."
    settings: str = f"{NAME}/settings.py"
    module: str = f"{NAME}.settings"
    page: Path = PAGE  # whose steps it takes


DJANGO_S = Project()


@contextmanager
def new_shop(
    folder: Path,
    kind: str,
    packages: Sequence[str],
    own: Callable[["Host"], None],
    project: Project = DJANGO_S,
) -> Iterator["Host"]:
    """Make a shop by its own steps, and then by those of docs/install.md, with its processes running.

    Args:
        folder: for all of it.
        kind: the folder beside this file that has its settings, its addresses unless they are those of a new project, and what fills it;
            and the page's name for it.
        packages: that its environment has before the plugin's.
        own: takes the steps between its settings and its rows.
        project: how it begins.
    """
    wheels, drawn, files = build(folder / "wheels"), draw(folder / "drawn"), Path(__file__).parent / kind
    with Host(folder, project) as host:
        host.make(*packages)
        with host.timed("the shop's own steps"):
            host.write(project.settings, (files / "settings.py").read_text())
            if (files / "urls.py").exists():
                (host.project / NAME / "urls.py").write_text((files / "urls.py").read_text())
            own(host)
            host.python(files / "fill.py", str(drawn))
        for wheel in wheels:
            shutil.copy(wheel, host.project)
        for step in steps_for(kind, project.page):
            host.take(step)
        host.serve()
        yield host


class Answer(NamedTuple):
    """A page."""

    status: int
    text: str
    address: str  # where redirects have led


class Host:
    """The shop's folder, environment and processes.

    Args:
        folder: for all of it.
        kind: of its project.
    """

    def __init__(self, folder: Path, kind: Project = DJANGO_S) -> None:
        self.folder, self.venv, self.project = folder, folder / "venv", folder / "shop"
        self.kind = kind
        self.postgres = EmbeddedPostgres(folder / "postgres", log=folder / "postgres.log", durable=False)
        self.redis = EmbeddedRedis(folder / "redis", log=folder / "redis.log")
        self.processes: list[LocalProcess] = []
        self.seconds: dict[str, float] = {}
        self.said: list[str] = []  # what the steps' commands printed
        self.port = free_port()

    def __enter__(self) -> "Host":
        """Start its servers, and make its environment and an empty project."""
        self.postgres.start()
        self.redis.start()
        self.postgres.create_database(NAME)
        return self

    def __exit__(self, *_: object) -> None:
        """End all that runs."""
        for process in reversed(self.processes):
            process.stop()
        self.redis.stop()
        self.postgres.stop()

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Note how long a part takes."""
        started = time.monotonic()
        yield
        self.seconds[part] = self.seconds.get(part, 0.0) + time.monotonic() - started

    def make(self, *packages: str) -> None:
        """Make the environment with packages of the configured registry, and the project as its maker does."""
        with self.timed("the shop's own packages"):
            self.execute([sys.executable, "-m", "venv", str(self.venv)], folder=self.folder)
            self.run(f"pip install --disable-pip-version-check {' '.join(packages)}", folder=self.folder)
        self.project.mkdir()
        self.run(self.kind.start)

    def environment(self) -> dict[str, str]:
        """The variables of everything that runs in the shop, which sees no package of this repository."""
        kept = {
            name: os.environ[name] for name in os.environ if not name.startswith(("PYTHON", "DJANGO", "PG"))
        }
        for name in ("DATABASE_URL", "SECRET_KEY", "MEDIA_ROOT", "STATIC_ROOT"):
            kept.pop(name, None)
        return {
            **kept,
            "PATH": f"{self.venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "VIRTUAL_ENV": str(self.venv),
            "PGHOST": str(self.postgres.sockets),
            "PGUSER": "postgres",
            "PGDATABASE": NAME,
            "REDIS_URL": self.redis.url,
            "DJANGO_SETTINGS_MODULE": self.kind.module,
            "PYTHONUNBUFFERED": "1",
        }

    def execute(
        self, command: list[str], *, folder: Path | None = None, seconds: float = INSTALL_SECONDS
    ) -> str:
        """Run a command and return what it printed.

        Raises:
            AssertionError: it failed; the message has what it printed.
        """
        done = subprocess.run(
            command, cwd=folder or self.project, env=self.environment(),
            capture_output=True, text=True, check=False, timeout=seconds,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def run(self, script: str, *, folder: Path | None = None) -> str:
        """Run lines of a shell, ending with the first that fails, and return what they printed."""
        return self.execute(["bash", "-euo", "pipefail", "-c", script], folder=folder)

    def python(self, file: Path, *arguments: str) -> str:
        """Run a file in the shop with Django set up."""
        code = "import django, runpy, sys; django.setup(); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
        return self.execute(["python", "-c", code, str(file), *arguments])

    def write(self, file: str, text: str) -> None:
        """Add text to the end of one of the project's files."""
        path = self.project / file
        path.parent.mkdir(exist_ok=True)
        with path.open("a") as opened:
            opened.write(f"\n{text}")

    def take(self, step: Step) -> None:
        """Take a step of a page."""
        with self.timed(step.heading):
            if step.file:
                self.write(step.file, step.body)
            elif step.keeps_running:
                self.keep_running(step.body.strip())
            else:
                self.said.append(self.run(step.body))

    def keep_running(self, script: str) -> LocalProcess:
        """Start a command that runs until the shop is given up."""
        name = f"process-{len(self.processes) + 1}"
        process = LocalProcess(
            name,
            ["bash", "-c", f"exec {script}"],
            log=self.folder / f"{name}.log",
            environment=self.environment(),
            folder=self.project,
        )
        process.start()
        self.processes.append(process)
        if " worker " in script:
            wait_until(lambda: " ready." in process.tail(200), seconds=60, what=process)
        return process

    def serve(self) -> None:
        """Start Django's own web server."""
        process = self.keep_running(f"python manage.py runserver --noreload 127.0.0.1:{self.port}")
        wait_until(lambda: self.browser().get("/health/live").status == 200, seconds=60, what=process)

    def browser(self) -> "Browser":
        """Return a client with cookies of its own."""
        return Browser(f"http://127.0.0.1:{self.port}")


class Browser:
    """Asks for pages, follows redirects and keeps cookies.

    Args:
        address: of the shop, without a slash at its end.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> Answer:
        """Ask for a page; status 0 where nobody listens."""
        return self._ask(urllib.request.Request(self._whole(path)))

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form of the page at the same address, with its token."""
        self.get(path)
        token = next((one.value or "" for one in self.cookies if one.name == "csrftoken"), "")
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        return self._ask(urllib.request.Request(self._whole(path), data, {"Referer": self._whole(path)}))

    def _whole(self, path: str) -> str:
        return urllib.parse.urljoin(f"{self.address}/", path)

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=180) as answer:
                return Answer(answer.status, answer.read().decode("utf-8", "replace"), answer.url)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode("utf-8", "replace"), request.full_url)
        except OSError:
            return Answer(0, "", request.full_url)


def within(seconds: float, holds: Callable[[], bool], what: str) -> float:
    """Wait until something holds, and return how long that took.

    Raises:
        AssertionError: it did not within the time.
    """
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return time.monotonic() - started
