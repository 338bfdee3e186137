"""The demo as a whole: it starts, is ready, stops, starts again, and survives its own kill."""

import csv
import gzip
import io
import json
import os
import re
import signal
import socket
import stat
import sys
import time
import zipfile
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from PIL import Image

from shop.local.process import LocalProcess
from shop.local.redis import free_port
from tests.processes import ROOT, wait_until
from tests.tiny_artifact import COLOURS


class RunningDemo:
    """`python -m shop.local demo` on a catalogue of seven products, in a folder of its own."""

    def __init__(self, folder: Path, artifact: Path) -> None:
        self.local = folder / "local"
        self.port = free_port()
        own = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MEDIA_ROOT", "STATIC_ROOT", "ALLOWED_HOSTS")
        environment = {name: value for name, value in os.environ.items() if name not in own}
        arguments = (
            "--port",
            str(self.port),
            "--catalogue",
            str(folder / "catalogue"),
            "--local",
            str(self.local),
        )
        self.process = LocalProcess(
            "demo",
            [sys.executable, "-m", "shop.local", "demo", *arguments],
            log=folder / "demo.log",
            environment=environment | {"FASHION_SEARCH": json.dumps({"ARTIFACT": str(artifact)})},
            folder=ROOT,
        )

    def start(self) -> float:
        """Start it and return the seconds that it took to be ready."""
        self.process.log.unlink(missing_ok=True)
        began = time.monotonic()
        self.process.start()
        ready = f"Ready: http://127.0.0.1:{self.port}"
        wait_until(lambda: ready in self.process.tail(), seconds=90, what=self.process)
        return time.monotonic() - began

    def interrupt(self) -> None:
        """Press Ctrl-C and wait for its end."""
        os.kill(self.process.pid, signal.SIGINT)
        wait_until(lambda: not self.process.running, seconds=30, what=self.process.tail())

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
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", f"/api/v1/search/?q={query}")
            return [result["name"] for result in json.loads(connection.getresponse().read())["results"]]


@pytest.fixture
def demo(tmp_path: Path, tiny_artifact: Path):
    _write_catalogue(tmp_path / "catalogue")
    demo = RunningDemo(tmp_path, tiny_artifact)
    yield demo
    if demo.process.running:
        demo.interrupt()


def test_the_demo_starts_stops_and_starts_again(demo):
    demo.start()
    assert demo.search("red")[0] == "Red shirt"
    password = re.search(r"/admin/ user admin, password (\S+)", demo.process.tail())[1]
    kept = demo.local / "admin-password"
    assert kept.read_text().strip() == password
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    demo.interrupt()
    assert demo.process.returncode == 0
    assert demo.left() == []

    assert demo.start() < 20
    assert demo.search("red")[0] == "Red shirt"
    assert password not in demo.process.tail(100)
    assert "imported" not in demo.process.tail(100)

    demo.process.process.kill()  # kill -9, of the runner alone
    demo.process.process.wait()
    assert len(demo.left()) > 3
    demo.start()
    assert "Ended worker, left behind by an earlier run." in demo.process.tail(100)
    os.kill(demo.process.pid, signal.SIGTERM)
    wait_until(lambda: not demo.process.running, seconds=30)
    assert demo.left() == []


def test_a_port_in_use_gives_one_line(demo):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", demo.port))
        taken.listen()
        demo.process.start()
        wait_until(lambda: not demo.process.running, seconds=30)
    assert demo.process.returncode == 1
    assert re.fullmatch(rf"Port {demo.port} is in use\. Try: make demo PORT=\d+", demo.process.tail())


def _write_catalogue(folder: Path) -> None:
    folder.mkdir()
    with (
        gzip.open(folder / "products.csv.gz", "wt", newline="") as file,
        zipfile.ZipFile(folder / "images.zip", "w") as images,
    ):
        rows = csv.writer(file)
        rows.writerow(["id", "name", "category", "article_type", "brand", "gender", "colour", "price"])
        for name, colour in COLOURS.items():
            rows.writerow(
                [
                    f"T-{name}",
                    f"{name.title()} shirt",
                    "Apparel",
                    "Shirts",
                    "Fictive",
                    "Women",
                    name.title(),
                    10,
                ]
            )
            picture = io.BytesIO()
            Image.new("RGB", (60, 80), colour).save(picture, "JPEG")
            images.writestr(f"T-{name}.jpg", picture.getvalue())
