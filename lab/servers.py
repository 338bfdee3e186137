"""A shop of its own for a run: empty Postgres and Redis, a catalogue, and the shop's processes."""

import json
import os
import tempfile
import time
from pathlib import Path

from shop.local.catalogue import find_catalogue
from shop.local.machine import LocalError
from shop.local.servers import EmbeddedPostgres, EmbeddedRedis

from .processes import Processes, draw_catalogue, manage

DATABASE = "lab"
# Settings of the plugin under which many requests may come from one address.
UNLIMITED = {"API_RATE": "", "PHOTO_RATE": ""}


class Servers:
    """Servers and processes in a folder that is removed afterwards; use it in a `with` statement.

    Its variables of the environment lead this process, and all that it starts, to them.
    """

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="fashion-lab-")
        self.folder = Path(self._temporary.name)
        self.logs = self.folder / "log"
        self.postgres = EmbeddedPostgres(self.folder / "postgres", log=self.logs / "postgres.log")
        self.redis = EmbeddedRedis(self.folder / "redis", log=self.logs / "redis.log")
        self.processes = Processes(self.logs)

    def __enter__(self) -> "Servers":
        self.postgres.start()
        self.postgres.create_database(DATABASE)
        self.redis.start()
        given = json.loads(os.environ.get("FASHION_SEARCH") or "{}")
        os.environ.update(
            FASHION_SEARCH=json.dumps(UNLIMITED | given),
            DJANGO_SETTINGS_MODULE="shop.settings",
            SECRET_KEY="only-for-the-lab",
            DATABASE_URL=self.database,
            REDIS_URL=self.redis.url,
            ALLOWED_HOSTS="localhost,127.0.0.1",
            MEDIA_ROOT=str(self.folder / "media"),
            STATIC_ROOT=str(self.folder / "static"),
            SERVE_MEDIA="1",
        )
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        return self

    def __exit__(self, *_exception: object) -> None:
        self.processes.stop()
        self.redis.stop()
        self.postgres.stop()
        self._temporary.cleanup()

    @property
    def database(self) -> str:
        """URL of the shop's database."""
        return self.postgres.url(DATABASE)

    @property
    def drawn(self) -> Path:
        """Folder of the drawn catalogue, once there is one."""
        return self.folder / "drawn"

    def draw(self, products: int) -> None:
        """Draw a catalogue of so many products and import it."""
        draw_catalogue(products, self.drawn)
        self.import_catalogue(self.drawn)

    def import_catalogue(self, data: Path, *, limit: int | None = None) -> float:
        """Import the catalogue in a folder and return the seconds that it took.

        Args:
            data: the folder.
            limit: products at most; all by default.
        """
        options = find_catalogue(str(data), self.folder).import_options()
        if limit:
            options += ["--limit", str(limit)]
        began = time.monotonic()
        self.manage("import_catalogue", *options, "--report", str(self.folder / "report.csv"))
        return time.monotonic() - began

    def index(self) -> float:
        """Start a worker and beat, build the index, and return the seconds that the build took."""
        self.processes.worker()
        self.processes.beat()
        began = time.monotonic()
        self.manage("search_index", "rebuild", "--wait", "--noinput")
        return time.monotonic() - began

    def manage(self, *arguments: str) -> str:
        """Run a management command and return what it printed.

        Raises:
            LocalError: it failed.
        """
        done = manage(*arguments)
        if done.returncode:
            raise LocalError(
                f"manage.py {arguments[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            )
        return done.stdout

    def index_status(self) -> dict:
        """Return what `search_index status` says."""
        return json.loads(self.manage("search_index", "status", "--json"))
