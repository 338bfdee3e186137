"""A Redis with a replica and a Sentinel process that names the one which takes writes."""

import secrets
import signal
import time
from contextlib import suppress
from pathlib import Path

import redis

from shop.local.machine import LocalError, write_private
from shop.local.processes import LocalProcess
from shop.local.servers import free_port, redis_program

MASTER = "shop"
START_SECONDS = 30
SETTINGS = ('save ""', "appendonly no", "daemonize no", "bind 127.0.0.1")


class RedisWithSentinel:
    """Two servers, the second of which follows the first, and one Sentinel process, on free ports of this machine."""

    def __init__(self, folder: Path) -> None:
        """Describe them.

        Args:
            folder: for their configuration and logs.
        """
        self.folder = folder
        self.ports = (free_port(), free_port())
        self.port = free_port()
        self._password, self._own_password = (secrets.token_urlsafe(12) for _ in range(2))
        self.servers = tuple(self._process(f"redis-{port}") for port in self.ports)
        self.sentinel = self._process("sentinel", "--sentinel")

    @property
    def url(self) -> str:
        """Address, as `search.redis_clients` has it; the first of the Sentinel processes that it names is away."""
        nobody = f"127.0.0.1:{free_port()}"
        hosts = f"{nobody},127.0.0.1:{self.port}"
        return (
            f"sentinel://:{self._password}@{hosts}/0?master={MASTER}&sentinel_password={self._own_password}"
        )

    def start(self) -> None:
        """Start them and wait until the Sentinel process knows of both servers.

        Raises:
            LocalError: they did not come up.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        login = (f"requirepass {self._password}", f"masterauth {self._password}")
        first, second = self.ports
        self._write(f"redis-{first}", f"port {first}", *login, *SETTINGS)
        self._write(f"redis-{second}", f"port {second}", f"replicaof 127.0.0.1 {first}", *login, *SETTINGS)
        self._write(
            "sentinel",
            f"port {self.port}",
            f"dir {self.folder}",
            f"requirepass {self._own_password}",
            "bind 127.0.0.1",
            f"sentinel monitor {MASTER} 127.0.0.1 {first} 1",
            f"sentinel auth-pass {MASTER} {self._password}",
            f"sentinel down-after-milliseconds {MASTER} 700",
            f"sentinel failover-timeout {MASTER} 4000",
        )
        for process in (*self.servers, self.sentinel):
            process.start()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(redis.exceptions.RedisError), self._ask() as asked:
                state = asked.sentinel_master(MASTER)
                if state["num-slaves"] == 1 and all(self._in_step(port) for port in self.ports):
                    return
            time.sleep(0.1)
        raise LocalError(f"Sentinel did not come up:\n{self.sentinel.tail()}")

    def master(self) -> int:
        """Return the port of the server that takes writes, as the Sentinel process says."""
        with self._ask() as asked:
            return int(asked.sentinel_get_master_addr_by_name(MASTER)[1])

    def kill_master(self) -> None:
        """Kill the server that takes writes, as kill -9 does; Sentinel then has the other one take them."""
        self.servers[self.ports.index(self.master())].kill()

    def stop(self) -> None:
        """End all of them."""
        for process in (self.sentinel, *self.servers):
            process.stop()

    def _ask(self) -> redis.Redis:
        return redis.Redis(
            port=self.port, password=self._own_password, socket_timeout=1, decode_responses=True
        )

    def _in_step(self, port: int) -> bool:
        with redis.Redis(port=port, password=self._password, socket_timeout=1) as server:
            found = server.info("replication")
        return found["role"] == "master" or found["master_link_status"] == "up"

    def _process(self, name: str, *options: str) -> LocalProcess:
        command = [redis_program(), self.folder / f"{name}.conf", *options]
        return LocalProcess(
            name, command, log=self.folder / f"{name}.log", stop_signal=signal.SIGTERM, patience=5
        )

    def _write(self, name: str, *lines: str) -> None:
        write_private(self.folder / f"{name}.conf", "\n".join(lines) + "\n")
