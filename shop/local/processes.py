"""Processes of the demo: each with its log, and a supervisor that starts those again that die and leaves none behind."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import psutil

from .machine import LocalError

TAIL = 15  # lines of a log that a report shows


class LocalProcess:
    """A child process with a log file, in a session of its own so that a terminal's Ctrl-C does not reach it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path | None,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        account: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        patience: float = 10.0,
    ) -> None:
        """Describe the process; nothing runs before `start`.

        Args:
            name: what messages call it.
            command: program and arguments.
            log: file that both outputs are appended to; None shows them on this process's terminal.
            environment: all variables of the process; this process's own by default.
            folder: its working folder; this process's own by default.
            account: the system account that runs it, if another than this process's.
            stop_signal: what asks it to end in an orderly way.
            patience: seconds that it may take to do so before it is killed.
        """
        self.name = name
        self.log = log
        self.patience = patience
        self.process: subprocess.Popen[bytes] | None = None
        self._command = [str(part) for part in command]
        self._environment = None if environment is None else dict(environment)
        self._folder = folder
        self._account = account
        self.stop_signal = stop_signal

    def start(self) -> None:
        """Start it; its log is continued, not replaced."""
        if self.log is None:
            self.process = self._popen()
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = self._popen(stdout=log, stderr=subprocess.STDOUT)

    @property
    def pid(self) -> int:
        """Process id, which is also the id of its process group."""
        if self.process is None:
            raise RuntimeError(f"{self.name} was not started.")
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        """Exit status, or None as long as it runs (or before it starts)."""
        return None if self.process is None else self.process.poll()

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Send the stop signal and return at once."""
        if self.running:
            os.kill(self.pid, self.stop_signal)

    def stop(self) -> None:
        """Ask it to end, wait for `patience` seconds, then kill what is left of its group."""
        if self.process is None:
            return
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(self.patience)
        self.kill()

    def kill(self) -> None:
        """Kill it and every process of its group at once, as kill -9 does."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def tail(self, lines: int = TAIL) -> str:
        """Return the last lines of its log."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _popen(self, **outputs: Any) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            env=self._environment,
            cwd=self._folder,
            start_new_session=True,
            **outputs,
            **as_account(self._account),
        )


def as_account(account: str | None) -> dict[str, Any]:
    """Return the options of `subprocess` that run a command as `account`, with that account's rights only."""
    if account is None:
        return {}
    import pwd

    return {"user": account, "group": pwd.getpwnam(account).pw_gid, "extra_groups": []}


MOST_RESTARTS = (
    5  # of one process within WINDOW seconds; then something is wrong that a restart does not mend
)
WINDOW = 60.0
LEFTOVER_SECONDS = 5.0  # that a killed demo's processes get to end by themselves


class Service(Protocol):
    """A server with more to its start than its process."""

    process: LocalProcess

    def start(self) -> None:
        """Start the process and wait until it answers."""


class Supervisor:
    """Owns every process of the demo; `file` names them for the next start, should this one be killed."""

    def __init__(self, file: Path, *, say: Callable[[str], None]) -> None:
        self._file = file
        self._say = say
        self._processes: list[LocalProcess] = []
        self._services: list[LocalProcess] = []  # those that the others use, and that end after them
        self._starts: dict[str, Callable[[], None]] = {}
        self._restarts: dict[str, list[float]] = {}

    def start(self, process: LocalProcess) -> None:
        """Start `process`, watch it from now on, and start it again whenever it dies."""
        self._begin(process, process.start)

    def start_service(self, service: Service) -> None:
        """Start a server that the other processes use, likewise."""
        self._services.append(service.process)
        self._begin(service.process, service.start)

    def run(self, process: LocalProcess) -> int:
        """Run `process` to its end while watching the others; return its exit status."""
        self._processes.append(process)
        process.start()
        self._remember()
        while process.running:
            self.watch(but=process)
            time.sleep(0.1)
        self._processes.remove(process)
        self._remember()
        return int(process.returncode or 0)

    def watch(self, *, but: LocalProcess | None = None) -> None:
        """Report each process that has died and start it again.

        Raises:
            LocalError: it keeps dying.
        """
        for process in self._processes:
            if process is but or process.running:
                continue
            report = f"{process.name} ended ({_reason(process)}). The end of {process.log}:\n{process.tail()}"
            now = time.monotonic()
            recent = [when for when in self._restarts.get(process.name, []) if when > now - WINDOW]
            if len(recent) >= MOST_RESTARTS:
                raise LocalError(
                    f"{report}\n{process.name} was started {MOST_RESTARTS} times within a minute."
                )
            self._say(f"{report}\nStarting {process.name} again.")
            self._restarts[process.name] = [*recent, now]
            process.kill()  # what it has left of its own children
            self._starts[process.name]()
            self._remember()

    def stop(self) -> None:
        """End all processes: first those that use the services, the services last."""
        users = [process for process in self._processes if process not in self._services]
        for process in users:
            process.ask_to_stop()  # all at once, so that their patience runs in parallel
        for process in [*users, *reversed(self._services)]:
            process.stop()
        self._processes.clear()
        self._file.unlink(missing_ok=True)

    def _begin(self, process: LocalProcess, start: Callable[[], None]) -> None:
        self._processes.append(process)
        self._starts[process.name] = start
        start()
        self._remember()

    def _remember(self) -> None:
        running = []
        for process in self._processes:
            with suppress(psutil.NoSuchProcess):
                if process.running:
                    created = psutil.Process(process.pid).create_time()
                    entry = {"name": process.name, "pid": process.pid, "created": created}
                    running.append(entry | {"signal": int(process.stop_signal)})
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(running))
        fresh.replace(self._file)


def end_leftovers(file: Path) -> list[str]:
    """End what a killed demo left running, and return the names; a process whose number was reused is not touched."""
    if not file.exists():
        return []
    entries = []
    with suppress(ValueError):  # a file cut short by a full disk names nothing
        entries = json.loads(file.read_text())
    left = {entry["name"]: _members(entry["pid"], entry["created"]) for entry in entries}
    for entry in entries:
        for process in left[entry["name"]]:
            if process.pid == entry["pid"]:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(entry["signal"])
    members = [process for group in left.values() for process in group]
    _, alive = psutil.wait_procs(members, timeout=LEFTOVER_SECONDS)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=LEFTOVER_SECONDS)
    file.unlink()
    return [name for name, group in left.items() if group]


def _members(group: int, since: float) -> list[psutil.Process]:
    """Return the living processes of a process group whose leader began at `since`."""
    members = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) != group or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.pid == group and abs(process.create_time() - since) > 1:
                return []
            members.append(process)
    return members


def _reason(process: LocalProcess) -> str:
    status = process.returncode or 0
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with exit status {status}"
