"""A second shop, with a database of its own, beside the first: on the same Redis, at the same task queue, in the same cache."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import expect, manage, variables
from shop.local.catalogue import find_catalogue
from shop.local.processes import LocalProcess

DATABASE = "beside"
PRODUCTS = {True: 400, False: 20}
MOST_TURNS = 20  # requests, each of which one of two workers takes
SLOWEST_SECONDS = 120.0


@fault
def two_shops_on_one_redis(world: World) -> Harm:
    """A second shop uses the same queue, cache and Redis; both save, rebuild and search, and then both have the same name."""
    with _second_shop(world) as second:
        with second.running():
            complaints = [
                *_both_rebuild(world, second),
                *_requests_get_home(world, second),
                *_unseen("W016", "attention"),
            ]
            complaints += second.verify()
        with second.running(NAMESPACE=_own_name()):
            complaints += expect(
                lambda: not _unseen("E013", "broken"), "both see that they have one name", seconds=60
            )
            complaints += _requests_get_home(world, second)
    return Harm(complaints)


class SecondShop:
    """The shop beside: its own database and media, the first one's Redis and prefix."""

    def __init__(self, world: World, address: str) -> None:
        self.world = world
        self.address = address
        self.versions: dict[int, str] = {}
        self.worker: LocalProcess

    def variables(self, **settings: Any) -> dict[str, str]:
        """Return the variables of its processes."""
        given = json.loads(os.environ["FASHION_SEARCH"]) | settings
        return {
            "DATABASE_URL": self.address,
            "MEDIA_ROOT": str(self.world.servers.folder / "media-beside"),
            "CHAOS_KEY_PREFIX": f"{_own_name()}:",
            "FASHION_SEARCH": json.dumps(given),
        }

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command of it."""
        return manage(*arguments, environment=os.environ | self.variables())

    def must(self, *arguments: str) -> None:
        """Run a management command that has to end well."""
        done = self.manage(*arguments)
        if done.returncode:
            raise RuntimeError(
                f"{arguments[0]} of the second shop: {done.stdout[-1000:]}{done.stderr[-1000:]}"
            )

    @contextmanager
    def running(self, **settings: Any) -> Iterator[None]:
        """Run its worker and beat."""
        own = self.variables(**settings)
        with self.world.other_worker(**own) as worker:
            self.worker = worker
            with variables(**own):
                beat = self.world.servers.processes.beat(name="beat-beside")
            try:
                yield
            finally:
                beat.stop()

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask its database."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[arg-type]

    def states(self) -> dict[int, str]:
        """Return the states of its index versions."""
        return dict(self.ask("SELECT id, state FROM fashion_search_indexversion"))

    def verify(self) -> list[str]:
        """Say what does not hold in it."""
        done = self.manage("search_index", "verify")
        return [] if done.returncode == 0 else [f"the second shop: {done.stdout[-800:]}{done.stderr[-400:]}"]

    def untouched(self) -> list[str]:
        """Say so where a request of the first shop has done something to it."""
        builds = self.ask("SELECT count(*) FROM fashion_search_build")[0][0]
        complaints = [] if builds == 2 else [f"the second shop has {builds} builds, and asked for 2"]
        if self.states() != self.versions:
            complaints.append(f"the versions of the second shop were {self.versions} and are {self.states()}")
        return complaints


@contextmanager
def _second_shop(world: World) -> Iterator[SecondShop]:
    with world.administrator() as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {DATABASE}")
    second = SecondShop(world, world.servers.postgres.url(DATABASE))
    try:
        second.must("migrate", "--verbosity", "0", "--skip-checks")
        second.must(
            "import_catalogue", *find_catalogue(str(world.servers.drawn), world.servers.folder).import_options(),
            "--limit", str(PRODUCTS[world.thorough]), "--report", str(world.servers.folder / "report-beside.csv"),
        )  # fmt: skip
        yield second
    finally:
        with world.administrator() as server:
            server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def _both_rebuild(world: World, second: SecondShop) -> list[str]:
    """Rebuild both at the same time, while products of the first are saved; the second one twice, so that a version retires."""
    from search.models import IndexVersion

    newest = IndexVersion.objects.order_by("-pk").values_list("pk", flat=True)[0]
    second.ask(f"SELECT setval(pg_get_serial_sequence('fashion_search_indexversion', 'id'), {newest})")
    complaints = []
    for _ in range(2):
        second.must("search_index", "rebuild", "--force", "--noinput")
        world.ask_for_rebuild()
        world.save_some(5)
        complaints += world.rebuilt()
        complaints += expect(
            lambda: (
                second.ask("SELECT count(*) FROM fashion_search_build WHERE state = 'running'")[0][0] == 0
            ),
            "the second shop is rebuilt",
            seconds=SLOWEST_SECONDS,
        )
    second.versions = second.states()
    if sorted(second.versions.values()) != ["active", "retired"]:
        complaints.append(f"the versions of the second shop are {second.versions}")
    return complaints


def _requests_get_home(world: World, second: SecondShop) -> list[str]:
    """Have the first shop change between two versions, whose numbers the second shop has, too, until a request has gone astray."""
    from search.indexing import marks
    from search.models import IndexVersion

    before = _refused(world.log_of(second.worker))
    complaints: list[str] = []
    for turn in range(MOST_TURNS):
        (retired,) = IndexVersion.objects.filter(state="retired").order_by("-pk")[:1]
        marks.breaker.close()
        marks.publish("activate_version", retired.pk, expires=None)
        complaints += expect(
            lambda number=retired.pk: IndexVersion.objects.filter(pk=number, state="active").exists(),
            f"the first shop changes to version {retired.pk}",
            seconds=60,
        )
        strayed = _refused(world.log_of(second.worker)) > before
        if complaints or (
            strayed and turn % 2
        ):  # after an even number of turns the version is the one from before
            break
    return [
        *complaints,
        *([] if strayed else ["no request of the first shop has gone astray"]),
        *second.untouched(),
    ]


def _unseen(code: str, state: str) -> list[str]:
    """Say so where the system check or the dashboard does not see the other shop."""
    from search import checks
    from search.monitoring.neighbours import probe_neighbours

    found = [message.id for message in checks.check_neighbours(["default"])]
    complaints = [] if f"fashion_search.{code}" in found else [f"check says {found}, and not {code}"]
    shown = {check.name: str(check.state) for check in probe_neighbours()}
    return complaints if shown["Other shops"] == state else [*complaints, f"the dashboard says {shown}"]


def _own_name() -> str:
    from search.conf import namespace

    return namespace()


def _refused(log: str) -> int:
    return log.count("refuses search.tasks.")
