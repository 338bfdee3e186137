"""Faults done to the index while it is built, switched, and cleaned."""

import time

from lab.chaos.invariants import Deleted, Expected
from lab.chaos.orders import QUICK_STEPS, STEPS, SWITCHED, worker_killed_at
from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import expect, wait_until
from lab.servers import DATABASE

_BUILDING = f"""
SELECT {{}}(pid) FROM pg_stat_activity WHERE datname = '{DATABASE}' AND query LIKE 'CREATE INDEX CONCURRENTLY%'
"""


@fault
def index_build_killed(world: World) -> Harm:
    """The connection that builds an HNSW index is ended in the middle of it, which leaves an INVALID index."""
    return _interrupt_a_build(world, "pg_terminate_backend")


@fault
def index_build_timed_out(world: World) -> Harm:
    """The statement that builds an HNSW index is cancelled in the middle of it, as a time limit would; the connection lives on."""
    return _interrupt_a_build(world, "pg_cancel_backend")


def _interrupt_a_build(world: World, how: str) -> Harm:
    world.rebuild()
    with world.administrator() as connection:
        found = expect(
            lambda: connection.execute(_BUILDING.format(how)).fetchone(),
            "an index was being built",
            seconds=120,
            every=0.002,
        )
    return Harm(complaints=[*found, *world.rebuilt()])


@fault
def index_build_starved(world: World) -> Harm:
    """Statements may last one second and index builds use 64 kB, as a database's owner may decree."""
    with world.administrator() as connection:
        connection.execute(f"ALTER DATABASE {DATABASE} SET statement_timeout = '1s'")
        connection.execute(f"ALTER DATABASE {DATABASE} SET maintenance_work_mem = '64kB'")
        world.restart_worker()
        world.rebuild()
        complaints = world.rebuilt()
        connection.execute(f"ALTER DATABASE {DATABASE} RESET ALL")
    world.restart_worker()
    return Harm(complaints=complaints)


@fault
def killed_at_each_step(world: World) -> Harm:
    """The worker is killed at each step of a rebuild: marking, encoding, indexing, verifying, switching, and after it."""
    complaints = []
    for step in STEPS if world.thorough else QUICK_STEPS:
        with worker_killed_at(step) as is_killed:
            world.ask_for_rebuild()
            complaints += expect(is_killed, f"the worker was killed at {step}", seconds=120, every=0.01)
        wait_until(lambda: not world.worker.running, seconds=10)
        state, came_to = _newest_build()
        wanted = ("done", "switching") if step == SWITCHED else ("running", step)
        if (state, came_to) != wanted:
            complaints.append(f"killed at {step}, the build was {state} at {came_to}")
        world.restart_worker()
        complaints += world.rebuilt()
    return Harm(complaints)


def _newest_build() -> tuple[str, str]:
    from search.models import Build

    newest = Build.objects.order_by("-pk").first()
    return ("", "") if newest is None else (newest.state, newest.step)


@fault
def changes_during_a_rebuild(world: World) -> Harm:
    """Products are saved and deleted while a version is built."""
    deleted: list[Deleted] = []
    with world.rebuilding(slow=2) as complaints:
        for _ in range(8):
            world.save_some(5)
            deleted += world.delete_some(2)
            time.sleep(0.2)
    return Harm([*complaints, *world.rebuilt()], Expected(deleted=tuple(deleted)))


@fault
def most_deleted(world: World) -> Harm:
    """Three products of four are deleted, and no VACUUM has run: their embeddings are still in the HNSW graph."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in ("fashion_search_indexentry", "fashion_search_entryimage"):
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    deleted = world.delete_some(len(world.keys()) * 3 // 4)
    complaints = expect(lambda: not world.is_waiting(), "the deletions are in the index", seconds=90)
    complaints += world.holds(Expected(deleted=tuple(deleted)))
    with connection.cursor() as cursor:
        for table in ("fashion_search_indexentry", "fashion_search_entryimage"):
            cursor.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")
            cursor.execute(f"VACUUM {table}")
    complaints += world.holds(Expected(deleted=tuple(deleted)))
    world.import_again()
    wait_until(lambda: not world.is_waiting(), seconds=240)
    return Harm(complaints=complaints)


@fault
def changed_behind_its_back(world: World) -> Harm:
    """Prices are changed by SQL, which sends no signal."""
    from django.db.models import F

    from shop.models import Product

    Product.objects.update(price=F("price") + 1)
    with world.reconciling_every(2):
        return Harm(expect(world.prices_agree, "the next reconcile found it", seconds=60))
