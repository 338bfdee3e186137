"""A real PgBouncer between a shop and its Postgres."""

import os
import pwd
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg

from shop.local.machine import LocalError
from shop.local.processes import LocalProcess
from shop.local.servers import free_port

START_SECONDS = 20
MISSING = "PgBouncer is missing; Debian's package pgbouncer has it (scripts/program.sh pgbouncer installs it)"


def program() -> str | None:
    """Return where PgBouncer is, or None."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class PgBouncer:
    """Stands before one Postgres, on a free port of this machine; ended by `stop`."""

    def __init__(
        self, folder: Path, *, postgres: str, mode: str = "transaction", size: int = 4, **settings: object
    ) -> None:
        """Describe it.

        Args:
            folder: for its configuration and log.
            postgres: URL of the server; the database's name is left to those who connect.
            mode: what a client gets a server connection for: session, transaction or statement.
            size: server connections of each database.
            settings: more lines of its configuration.
        """
        folder.mkdir(parents=True, exist_ok=True)
        parts = urlsplit(postgres)
        host = dict(parse_qsl(parts.query)).get("host") or unquote(parts.hostname or "127.0.0.1")
        self.port = free_port()
        self._user = unquote(parts.username or "postgres")
        password = f" password={unquote(parts.password)}" if parts.password else ""
        lines = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "any",
            "pool_mode": mode,
            "default_pool_size": size,
            "max_client_conn": 500,
            "server_login_retry": 1,
            "query_wait_timeout": 60,
            "admin_users": self._user,
            "ignore_startup_parameters": "extra_float_digits",
            **settings,
        }
        target = f"* = host={host} port={parts.port or 5432} user={self._user}{password}"
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            f"[databases]\n{target}\n[pgbouncer]\n"
            + "".join(f"{name} = {value}\n" for name, value in lines.items())
        )
        account = _account() if os.geteuid() == 0 else None
        if account:
            for parent in (folder, *folder.parents):
                with suppress(PermissionError):
                    parent.chmod(parent.stat().st_mode | 0o011)
            configuration.chmod(0o644)
        self.process = LocalProcess(
            "PgBouncer",
            [program() or "pgbouncer", configuration],
            log=folder / "pgbouncer.log",
            folder=Path("/"),
            account=account,
            stop_signal=signal.SIGINT,
        )

    def url(self, database: str) -> str:
        """Return the URL of a database through it."""
        return f"postgresql://{self._user}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            LocalError: it did not come up.
        """
        self.process.start()
        deadline = time.monotonic() + START_SECONDS
        while self.process.running and time.monotonic() < deadline:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url("pgbouncer"), connect_timeout=2, autocommit=True).close()
                return
            time.sleep(0.05)
        self.process.kill()
        raise LocalError(f"PgBouncer did not start:\n{self.process.tail()}")

    def restart(self) -> None:
        """Kill it, upon which all its clients lose their connections, and start it again."""
        self.process.kill()
        self.start()

    def stop(self) -> None:
        """End it."""
        self.process.stop()


def _account() -> str:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise LocalError("PgBouncer does not run as root, and there is no account postgres or nobody to run it.")
