"""The whole demo as a process of its own, for tests that use it as its visitors do."""

import json
import os
import signal
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import psutil

from shop.local.processes import LocalProcess
from shop.local.servers import free_port
from tests.processes import ROOT, wait_until


class RunningDemo:
    """`python -m shop.local demo` on a catalogue, in a folder of its own.

    Args:
        folder: where it keeps its databases and logs.
        catalogue: folder of its products.
        search: FASHION_SEARCH.
        artifact: `--artifact`.
    """

    def __init__(
        self, folder: Path, catalogue: Path, search: dict[str, object], artifact: str | Path = ""
    ) -> None:
        self.local = folder / "local"
        self.port = free_port()
        own = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MEDIA_ROOT", "STATIC_ROOT", "ALLOWED_HOSTS")
        environment = {name: value for name, value in os.environ.items() if name not in own}
        arguments = (
            "--port",
            str(self.port),
            "--catalogue",
            str(catalogue),
            "--local",
            str(self.local),
            "--artifact",
            str(artifact),
        )
        self.process = LocalProcess(
            "demo",
            [sys.executable, "-m", "shop.local", "demo", *arguments],
            log=folder / "demo.log",
            environment=environment | {"FASHION_SEARCH": json.dumps(search)},
            folder=ROOT,
        )

    def start(self) -> float:
        """Start it and return the seconds that it took to be ready."""
        self.process.log.unlink(missing_ok=True)
        began = time.monotonic()
        self.process.start()
        ready = f"Ready: http://127.0.0.1:{self.port}"
        wait_until(lambda: ready in self.process.tail(), seconds=180, what=self.process)
        return time.monotonic() - began

    @property
    def address(self) -> str:
        """Where the shop is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        """The admin's."""
        return (self.local / "admin-password").read_text().strip()

    def interrupt(self) -> None:
        """Press Ctrl-C and wait for its end."""
        os.kill(self.process.pid, signal.SIGINT)
        wait_until(lambda: not self.process.running, seconds=180, what=self.process.tail())

    def left(self) -> list[list[str]]:
        """Command lines of the processes that were started for this folder and live."""
        marks = (str(self.local), f"127.0.0.1:{self.port}")
        return [
            process.info["cmdline"]
            for process in psutil.process_iter(["cmdline", "environ"])
            if any(mark in " ".join(process.info["cmdline"] or ()) for mark in marks)
            or str(self.local) in (process.info["environ"] or {}).get("MEDIA_ROOT", "")
        ]

    def search(self, query: str) -> list[str]:
        """Names that the shop's API finds."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET", f"/api/v1/search/?q={query}")
            return [result["name"] for result in json.loads(connection.getresponse().read())["results"]]
