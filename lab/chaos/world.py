"""The shop that faults are done to: servers, worker, beat and web of its own, and hands to change its catalogue."""

import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import redis

from lab.bench.setting import ROOT, Setting
from shop.local.processes import LocalProcess
from shop.local.servers import EmbeddedRedis

from .catalogue import Hands
from .expected import NOTHING, Expected
from .settings_for import settings_for
from .shopper import ask
from .storage import ordered
from .waiting import expect, frozen, wait_until

SEED = 7


def copy_as_another(artifact: Path, folder: Path) -> None:
    """Copy an artifact and give it a fingerprint that no other folder has, so that a fault can do away with all of it."""
    from search.artifact import TextSpec, read_manifest, write_manifest

    shutil.copytree(artifact, folder)
    manifest = read_manifest(folder)
    write_manifest(
        folder,
        name=manifest.name,
        dimension=manifest.dimension,
        image=manifest.image,
        text=TextSpec(max_tokens=manifest.text.max_tokens + 1),
    )


@contextmanager
def told(variables: dict[str, str]) -> Iterator[None]:
    """Let processes that are started meanwhile have other variables."""
    usual = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in usual.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class World(Hands):
    """Servers and processes, told to be quick about retries and sweeps so that recoveries can be timed."""

    def __init__(self, setting: Setting, *, artifact: Path, products: int, thorough: bool) -> None:
        """Describe the world.

        Args:
            setting: servers that run already.
            artifact: copied, because faults damage it.
            products: to draw.
            thorough: False makes outages shorter and kills fewer, for tests.
        """
        super().__init__(random.Random(SEED))
        self.setting = setting
        self.artifact = setting.folder / "artifact"
        self.products = products
        self.thorough = thorough
        self.worker: LocalProcess
        self.beat: LocalProcess
        self.web: LocalProcess
        self.port = 0
        self.web_is_away = threading.Event()
        self._ended: list[str] = []
        copy_as_another(artifact, self.artifact)
        os.environ.update(settings_for(setting.folder, self.artifact))

    def begin(self) -> None:
        """Draw and import a catalogue, start worker, beat and web, and build the index."""
        draw = [
            sys.executable,
            "-m",
            "sample_catalogue",
            "--count",
            str(self.products),
            "--out",
            str(self._drawn),
        ]
        subprocess.run(draw, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        self.import_again()
        import django

        django.setup()
        self.setting.start_workers()
        self.worker, self.beat = self.setting.processes
        self.web, self.port = self.setting.start_web()
        self.setting.manage("search_index", "rebuild", "--wait", "--noinput")

    def import_again(self) -> None:
        """Import the drawn catalogue, which brings back what was deleted."""
        self.setting.import_catalogue(self._drawn, limit=None)

    @property
    def queue(self) -> EmbeddedRedis:
        """The shop's Redis."""
        return self.setting.redis

    @property
    def _drawn(self) -> Path:
        return self.setting.folder / "drawn"

    def keep(self) -> None:
        """Start again what has ended by itself, as systemd and the demo's supervisor do."""
        ended = [process for process in (self.worker, self.beat, self.web) if not process.running]
        for process in ended:
            process.kill()  # what it has left of its children
            process.start()
        self._ended += [process.name for process in ended]

    def take_ended(self) -> list[str]:
        """Return the names of the processes that `keep` has started again since the last time."""
        ended, self._ended = self._ended, []
        return ended

    def children(self) -> list[psutil.Process]:
        """The children of the worker's pool; none while it does not run."""
        try:
            return psutil.Process(self.worker.pid).children() if self.worker.running else []
        except psutil.NoSuchProcess:
            return []

    def restart_worker(self) -> None:
        """Start the worker again, killed where it runs, and wait until it has children."""
        self.worker.kill()
        self.worker.start()
        wait_until(self.children, seconds=30)

    @contextmanager
    def told(self, **variables: str) -> Iterator[None]:
        """Start worker, beat and web again with other variables, and as they were afterwards."""
        usual = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        try:
            self.restart_all()
            yield
        finally:
            for name, value in usual.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
            self.restart_all()

    def end_all(self) -> None:
        """End worker, beat and web."""
        self.web_is_away.set()
        for process in (self.web, self.beat, self.worker):
            process.stop()

    def restart_all(self) -> None:
        """End worker, beat and web, and start them again."""
        self.restart_worker()
        self.restart_beat()
        self.restart_web()

    def restart_web(self) -> None:
        """End the web process as a deployment does and start it again."""
        self.web_is_away.set()
        try:
            self.web.stop()
            self.web.start()
            wait_until(self._answers, seconds=30)
        finally:
            self.web_is_away.clear()

    def _answers(self) -> bool:
        try:
            return ask(self.port, "/").status < 500
        except OSError:
            return False

    @contextmanager
    def other_worker(self, **variables: str) -> Iterator[LocalProcess]:
        """Run a second worker beside the first, with more variables; it is the one that gives messages back early."""
        options = ["-A", "shop", "worker", "-P", "prefork", "-c", "1", "--loglevel", "INFO", "-n", "other@%h"]
        with told(variables):
            other = self.setting.start("other-worker", "-m", "celery", *options)
        try:
            wait_until(lambda: " ready." in other.tail(100), seconds=60)
            yield other
        finally:
            other.stop()

    @contextmanager
    def frozen(self, process: LocalProcess) -> Iterator[None]:
        """Stop a server in the middle of whatever it does, and let it go on afterwards."""
        with frozen(process):
            yield

    def broker(self) -> redis.Redis:
        """Return a client of the shop's Redis."""
        return redis.Redis.from_url(self.queue.url)

    @contextmanager
    def administrator(self) -> Iterator[psycopg.Connection]:
        """Connect to another database of the same server."""
        with psycopg.connect(self.setting.postgres.url("postgres"), autocommit=True) as connection:
            yield connection

    def draw_products(self, count: int) -> list[int]:
        """Draw primary keys of published products that have a picture, each of its own."""
        return self.random.sample(self.keys(), min(count, len(self.keys())))

    def rebuild(self) -> None:
        """Begin a new version of the index."""
        self.setting.manage("search_index", "rebuild", "--force", "--noinput")

    def ask_for_rebuild(self) -> None:
        """Ask for a new version of the index, which a worker begins."""
        from search.indexing import hints
        from search.indexing.beginning import ask as ask_for

        hints.breaker.close()
        ask_for("rebuild", by="chaos")

    @contextmanager
    def rebuilding(self, slow: int = 1) -> Iterator[list[str]]:
        """Hold a rebuild at encoding, by pictures that are slow to read, and complain where it did not stay there.

        Args:
            slow: products whose pictures take six seconds.
        """
        complaints: list[str] = []
        with ordered(self.pictures_of(self.draw_products(slow)), "slow"):
            self.ask_for_rebuild()
            wait_until(lambda: self._is_encoding() and self.is_busy(), seconds=60)
            yield complaints
            if not self._is_encoding():
                complaints.append("the rebuild did not last as long as what was done to it")

    def _is_encoding(self) -> bool:
        from search.models import Build

        return Build.objects.running().filter(step="encoding").exists()

    @contextmanager
    def reconciling_every(self, seconds: int) -> Iterator[None]:
        """Let beat ask for a reconcile so often, and once an hour afterwards."""
        usual = os.environ["FASHION_SEARCH"]
        os.environ["FASHION_SEARCH"] = json.dumps(json.loads(usual) | {"RECONCILE_SECONDS": seconds})
        try:
            self.restart_beat()
            yield
        finally:
            os.environ["FASHION_SEARCH"] = usual
            self.restart_beat()

    @contextmanager
    def settings(self, **changed: object) -> Iterator[None]:
        """Let processes that start meanwhile have other settings of the plugin."""
        usual = os.environ["FASHION_SEARCH"]
        os.environ["FASHION_SEARCH"] = json.dumps(json.loads(usual) | changed)
        try:
            yield
        finally:
            os.environ["FASHION_SEARCH"] = usual

    def restart_beat(self) -> None:
        """End beat and start it again, with the settings as they are now."""
        self.beat.stop()
        self.beat.start()

    @staticmethod
    def log_of(process: LocalProcess) -> str:
        """Return all that a process has said."""
        return process.log.read_text(errors="replace") if process.log else ""

    def rebuilt(self) -> list[str]:
        """Wait for the version that is being built; say so if it does not get there."""
        from search.models import Build, IndexVersion

        def done() -> bool:
            self.keep()
            unfinished = IndexVersion.objects.filter(state__in=("building", "ready"))
            return not unfinished.exists() and not Build.objects.running().exists()

        complaints = expect(done, "the rebuild is done", seconds=240)
        newest = IndexVersion.objects.order_by("-pk").first()
        if newest is None or newest.state != "active":
            complaints.append("the rebuilt version is not the active one")
        return complaints

    def holds(self, expected: Expected = NOTHING) -> list[str]:
        """Return what does not hold at this moment."""
        from .invariants import broken

        return broken(self.port, expected).wrong
