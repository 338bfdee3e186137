"""The shop's own processes, worker, beat and web, started for a run and ended with it; and ways to wait for them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from shop.local.processes import LocalProcess
from shop.local.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
CHILDREN = 2  # of the worker, as in the demo


class Processes:
    """Starts processes of the shop and ends all of them; `worker`, `beat` and `web` may be called more than once."""

    def __init__(self, folder: Path) -> None:
        """Describe them; nothing runs yet.

        Args:
            folder: for their logs and for beat's schedule.
        """
        self.folder = folder
        self.started: list[LocalProcess] = []  # in the order of their start

    def environment(self) -> Mapping[str, str] | None:
        """Return all variables of a process that is started now; None for those of this process at each start."""
        return None

    def worker(
        self,
        *options: str,
        name: str = "worker",
        children: int = CHILDREN,
        wait: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> LocalProcess:
        """Start a Celery worker and, unless `wait` is False, wait until it takes tasks.

        Args:
            options: more of Celery's.
            name: of the process and its log.
            children: of its pool.
            wait: whether it takes tasks when this returns.
            environment: all its variables; those of `environment()` by default.
        """
        pool = ("-P", "prefork", "-c", str(children), "--loglevel", "INFO")
        process = self.start(
            name, "-m", "celery", "-A", "shop", "worker", *pool, *options, environment=environment
        )
        if wait:
            wait_until(lambda: " ready." in process.tail(100), seconds=60, what=process)
        return process

    def beat(self, *, name: str = "beat") -> LocalProcess:
        """Start Celery beat."""
        schedule = str(self.folder / f"{name}-schedule")
        return self.start(name, "-m", "celery", "-A", "shop", "beat", "--schedule", schedule, "--pidfile", "")

    def web(self, workers: int = 1) -> tuple[LocalProcess, int]:
        """Start gunicorn with one worker process, as one of the demo's two, or with more; return it and its port."""
        port = free_port()
        options = (
            "--config",
            "deploy/gunicorn.conf.py",
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            str(workers),
        )
        return self.start("web", "-m", "gunicorn", *options, "shop.wsgi"), port

    def start(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> LocalProcess:
        """Start Python with these arguments; its log has a name of its own."""
        same = sum(process.name == name for process in self.started)
        process = LocalProcess(
            name,
            [sys.executable, *arguments],
            log=self.folder / f"{name}{f'-{same + 1}' if same else ''}.log",
            environment=environment or self.environment(),
            folder=ROOT,
        )
        process.start()
        self.started.append(process)
        return process

    def stop(self) -> None:
        """End all of them in an orderly way, the last first."""
        for process in reversed(self.started):
            process.stop()

    def kill(self) -> None:
        """Kill all of them, the last first."""
        for process in reversed(self.started):
            process.kill()


def manage(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a management command and return what it printed and ended with.

    Args:
        arguments: the command and its options.
        environment: all variables of the command; this process's own by default.
    """
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def draw_catalogue(products: int, folder: Path) -> None:
    """Draw a catalogue of so many products into a folder."""
    command = [sys.executable, "-m", "sample_catalogue", "--count", str(products), "--out", str(folder)]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


@contextmanager
def variables(**changed: str) -> Iterator[None]:
    """Set variables of this process's environment, which processes that start meanwhile have, too."""
    usual = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in usual.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def wait_until(
    condition: Callable[[], object], *, seconds: float, what: LocalProcess | str = "", every: float = 0.05
) -> None:
    """Wait until a condition is true.

    Args:
        condition: called every so many seconds.
        seconds: to wait at most.
        what: the process that is waited for, whose end ends the waiting; or what an error says besides.
        every: seconds between two calls.

    Raises:
        TimeoutError: it is not true after `seconds`.
        ChildProcessError: the process has ended.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            detail = what.tail(30) if isinstance(what, LocalProcess) else what
            raise TimeoutError(f"Not within {seconds} s. {detail}".strip())
        if isinstance(what, LocalProcess) and what.returncode is not None:
            raise ChildProcessError(f"{what.name} ended with status {what.returncode}:\n{what.tail(30)}")
        time.sleep(every)


def expect(condition: Callable[[], object], what: str, *, seconds: float, every: float = 0.1) -> list[str]:
    """Wait until a condition is true; return a complaint where it does not become so."""
    try:
        wait_until(condition, seconds=seconds, every=every)
    except TimeoutError:
        return [f"not within {seconds:g} s: {what}"]
    return []


@contextmanager
def frozen(process: LocalProcess) -> Iterator[None]:
    """Stop a process and its children as SIGSTOP does, and let them go on afterwards."""
    _signal(process, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(process, signal.SIGCONT)


def _signal(process: LocalProcess, what: signal.Signals) -> None:
    first = psutil.Process(process.pid)
    for one in [first, *first.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            one.send_signal(what)
