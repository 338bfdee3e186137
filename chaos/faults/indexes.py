"""Faults done to the index while it is built, switched, and cleaned."""

import time

from chaos.registry import Harm, fault
from chaos.waiting import expect, wait_until
from chaos.world import World

_BUILDING = """
SELECT {}(pid) FROM pg_stat_activity WHERE datname = 'bench' AND query LIKE 'CREATE INDEX CONCURRENTLY%'
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
        connection.execute("ALTER DATABASE bench SET statement_timeout = '1s'")
        connection.execute("ALTER DATABASE bench SET maintenance_work_mem = '64kB'")
        world.restart_worker()
        world.rebuild()
        complaints = world.rebuilt()
        connection.execute("ALTER DATABASE bench RESET ALL")
    world.restart_worker()
    return Harm(complaints=complaints)


@fault
def killed_at_each_step(world: World) -> Harm:
    """The worker is killed at each step of a rebuild: marking, encoding, indexing, verifying, switching, and after it."""
    from search.models import Build

    complaints = []
    steps = list(Build.Step)[1:] if world.thorough else [Build.Step.INDEXING, Build.Step.SWITCHING]
    for step in steps:
        world.rebuild()
        complaints += expect(
            lambda step=step: _has_come_to(step), f"a build came to {step}", seconds=120, every=0.001
        )
        world.worker.kill()
        world.restart_worker()
        complaints += world.rebuilt()
    world.rebuild()
    complaints += world.rebuilt()
    world.worker.kill()
    world.restart_worker()
    return Harm(complaints=complaints)


def _has_come_to(step: str) -> bool:
    from search.models import Build

    order = list(Build.Step)
    newest = Build.objects.order_by("-pk").first()
    return newest is not None and (order.index(newest.step) >= order.index(step) or newest.state != "running")


@fault
def changes_during_a_rebuild(world: World) -> Harm:
    """Products are saved and deleted while a version is built."""
    world.rebuild()
    deleted: list[str] = []
    for _ in range(8):
        world.save_some(5)
        deleted += world.delete_some(2)
        time.sleep(0.2)
    return Harm(deleted=tuple(deleted), complaints=world.rebuilt())


@fault
def most_deleted(world: World) -> Harm:
    """Three products of four are deleted, and no VACUUM has run: their embeddings are still in the HNSW graph."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in ("fashion_search_indexentry", "fashion_search_entryimage"):
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    deleted = world.delete_some(len(world.keys()) * 3 // 4)
    complaints = expect(lambda: not world.is_waiting(), "the deletions are in the index", seconds=90)
    complaints += world.holds(deleted[:20])
    with connection.cursor() as cursor:
        for table in ("fashion_search_indexentry", "fashion_search_entryimage"):
            cursor.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")
            cursor.execute(f"VACUUM {table}")
    complaints += world.holds(deleted[:20])
    world.import_again()
    wait_until(lambda: not world.is_waiting(), seconds=240)
    return Harm(complaints=complaints)


@fault
def changed_behind_its_back(world: World) -> Harm:
    """Prices are changed by SQL, which no signal tells of."""
    from django.db.models import F

    from shop.models import Product

    Product.objects.update(price=F("price") + 1)
    return Harm(complaints=expect(world.prices_agree, "the next reconcile found it", seconds=60))
