"""The shop that faults are done to: servers, worker, beat and web of its own, and hands to change its catalogue."""

import json
import os
import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil
import psycopg
import redis

from lab.processes import expect, variables, wait_until
from lab.servers import DATABASE, UNLIMITED, Servers
from lab.traffic import METRICS_TOKEN, is_up
from shop.local.processes import LocalProcess
from shop.local.servers import EmbeddedRedis

from .catalogue import Hands
from .host import disturbed_files
from .invariants import NOTHING, Expected, broken

SEED = 7
# So quick about retries and sweeps that recoveries can be timed.
QUICK = {
    **UNLIMITED,
    "SWEEP_SECONDS": 1,
    "CLAIM_LEASE_SECONDS": 4,
    "RETRY_BACKOFF_SECONDS": 1,
    "METRICS_TOKEN": METRICS_TOKEN,
}
_OTHERS = f"FROM pg_stat_activity WHERE datname = '{DATABASE}' AND pid <> pg_backend_pid()"


def copy_as_another(artifact: Path, folder: Path) -> None:
    """Copy an artifact and give it a fingerprint that no other folder has, so that a fault can do away with all of it."""
    from search.encoders.artifact import TextSpec, read_manifest, write_manifest

    shutil.copytree(artifact, folder)
    manifest = read_manifest(folder)
    write_manifest(
        folder,
        name=manifest.name,
        dimension=manifest.dimension,
        image=manifest.image,
        text=TextSpec(max_tokens=manifest.text.max_tokens + 1),
    )


class World(Hands):
    """Servers and processes, with everything that faults do with them."""

    def __init__(self, servers: Servers, *, artifact: Path, products: int, thorough: bool) -> None:
        """Describe the world.

        Args:
            servers: that run already.
            artifact: copied, because faults damage it.
            products: to draw.
            thorough: False makes outages shorter and kills fewer, for tests.
        """
        super().__init__(random.Random(SEED))
        self.servers = servers
        self.artifact = servers.folder / "artifact"
        self.products = products
        self.thorough = thorough
        self.worker: LocalProcess
        self.beat: LocalProcess
        self.web: LocalProcess
        self.port = 0
        self.web_is_away = threading.Event()
        self._ended: list[str] = []
        copy_as_another(artifact, self.artifact)
        orders = servers.folder / "orders"
        orders.mkdir()
        os.environ.update(
            DJANGO_SETTINGS_MODULE="lab.chaos.settings",
            CHAOS_ORDERS=str(orders),
            FASHION_SEARCH=json.dumps(QUICK | {"ARTIFACT": str(self.artifact)}),
        )

    def begin(self) -> None:
        """Draw and import a catalogue, start worker, beat and web, and build the index."""
        self.servers.draw(self.products)
        import django

        django.setup()
        self.worker, self.beat = self.servers.processes.worker(), self.servers.processes.beat()
        self.web, self.port = self.servers.processes.web()
        self.servers.manage("search_index", "rebuild", "--wait", "--noinput")

    def import_again(self) -> None:
        """Import the drawn catalogue, which brings back what was deleted."""
        self.servers.import_catalogue(self.servers.drawn)

    @property
    def queue(self) -> EmbeddedRedis:
        """The shop's Redis."""
        return self.servers.redis

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
    def restarted_with(self, **changed: str) -> Iterator[None]:
        """Start worker, beat and web again with other variables, and as they were afterwards."""
        try:
            with variables(**changed):
                self.restart_all()
                yield
        finally:
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
            wait_until(lambda: is_up(self.port), seconds=30)
        finally:
            self.web_is_away.clear()

    @contextmanager
    def other_worker(self, **changed: str) -> Iterator[LocalProcess]:
        """Run a second worker beside the first, with more variables; it is the one that gives messages back early."""
        with variables(**changed):
            other = self.servers.processes.worker("-n", "other@%h", name="other-worker", children=1)
        try:
            yield other
        finally:
            other.stop()

    def broker(self) -> redis.Redis:
        """Return a client of the shop's Redis."""
        return redis.Redis.from_url(self.queue.url)

    @contextmanager
    def administrator(self) -> Iterator[psycopg.Connection]:
        """Connect to another database of the same server."""
        with psycopg.connect(self.servers.postgres.url("postgres"), autocommit=True) as connection:
            yield connection

    @staticmethod
    def end_connections(administrator: psycopg.Connection, spared: list[int] | None = None) -> None:
        """End every connection to the shop's database, but those of spared backends."""
        administrator.execute(
            f"SELECT pg_terminate_backend(pid) {_OTHERS} AND NOT pid = ANY(%s)", [spared or []]
        )

    def draw_products(self, count: int) -> list[int]:
        """Draw primary keys of published products that have a picture, each of its own."""
        return self.random.sample(self.keys(), min(count, len(self.keys())))

    def rebuild(self) -> None:
        """Begin a new version of the index."""
        self.servers.manage("search_index", "rebuild", "--force", "--noinput")

    def ask_for_rebuild(self) -> None:
        """Ask for a new version of the index, which a worker begins."""
        from search.indexing import marks
        from search.indexing.building import request_build

        marks.breaker.close()
        request_build("rebuild", by="chaos")

    @contextmanager
    def rebuilding(self, slow: int = 1) -> Iterator[list[str]]:
        """Hold a rebuild at encoding, by pictures that are slow to read, and complain where it did not stay there.

        Args:
            slow: products whose pictures take six seconds.
        """
        complaints: list[str] = []
        with disturbed_files(self.pictures_of(self.draw_products(slow)), "slow"):
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
        try:
            with self.settings(RECONCILE_SECONDS=seconds):
                self.restart_beat()
                yield
        finally:
            self.restart_beat()

    def settings(self, **changed: object) -> AbstractContextManager[None]:
        """Let processes that start meanwhile have other settings of the plugin."""
        return variables(FASHION_SEARCH=json.dumps(json.loads(os.environ["FASHION_SEARCH"]) | changed))

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
        return broken(self.port, expected).wrong
