"""The demo as a whole: it starts, is ready, stops, starts again, and survives its own kill."""

import csv
import gzip
import io
import re
import socket
import stat
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.pace import slowness
from tests.processes import wait_until
from tests.running_demo import RunningDemo
from tests.tiny_artifact import COLOURS


@pytest.fixture
def demo(tmp_path: Path, tiny_artifact: Path):
    _write_catalogue(tmp_path / "catalogue")
    demo = RunningDemo(tmp_path, tmp_path / "catalogue", {"BATCH_SIZE": 8}, tiny_artifact)
    yield demo
    if demo.process.running:
        demo.interrupt()


@pytest.mark.long
def test_the_demo_starts_is_killed_starts_again_and_stops(demo):
    demo.start()
    assert demo.search("red")[0] == "Red shirt"
    password = re.search(r"/admin/ user admin, password (\S+)", demo.process.tail())[1]
    kept = demo.local / "admin-password"
    assert kept.read_text().strip() == password
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    demo.process.process.kill()  # kill -9, of the runner alone
    demo.process.process.wait()
    assert len(demo.left()) > 3

    assert demo.start() < 20 * slowness()
    said = demo.process.tail(100)
    assert "Ended worker, left behind by an earlier run." in said
    assert demo.search("red")[0] == "Red shirt"
    assert password not in said.partition("Ended worker")[2]
    assert "imported" not in said.partition("Ended worker")[2]
    demo.interrupt()
    assert demo.process.returncode == 0
    assert demo.left() == []


def test_a_port_in_use_gives_one_line(demo):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", demo.port))
        taken.listen()
        demo.process.start()
        wait_until(lambda: not demo.process.running, seconds=180)
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
