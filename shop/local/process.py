"""One process that the demo or a test starts, watches and ends, with everything that it started itself."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

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
