"""Faults of what stands between the shop and Postgres, and of what stands beside it: a pooler, a standby."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from lab.chaos.catalogue import Saver
from lab.chaos.invariants import Expected
from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.pgbouncer import MISSING, PgBouncer, program
from lab.processes import expect, manage, wait_until
from lab.servers import DATABASE
from lab.traffic import ask, read_checks
from shop.local.servers import EmbeddedPostgres

SIZE = 3  # server connections of the pooler
_LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
_WHERE_READS_GO = "from shop.models import Product; print(Product.objects.db)"


@fault
def pooler_in_transaction_mode(world: World) -> Harm:
    """PgBouncer in transaction mode with three server connections stands before Postgres, and is killed twice during a rebuild."""
    if not program():
        return Harm(skipped=MISSING)
    folder = Path(f"/tmp/pgbouncer-{os.getpid()}")  # an account of its own walks down to it
    pooler = PgBouncer(folder, postgres=world.servers.database, size=SIZE)
    pooler.start()
    try:
        with (
            world.restarted_with(DATABASE_URL=pooler.url(DATABASE)),
            Saver(world.keys(), world.random) as saver,
        ):
            complaints = _is_alarmed_by_limits(world)
            world.rebuild()
            for _ in range(2):
                wait_until(world.is_busy, seconds=60)
                pooler.process.kill()
                complaints += _is_not_ready(world)
                pooler.start()
                complaints += _is_ready_again(world)
            complaints += world.rebuilt()
            complaints += expect(lambda: not world.is_waiting(), "what was saved is indexed", seconds=90)
        with world.administrator() as connection:
            found = connection.execute(_LOCKS).fetchone()
        complaints += [] if found == (0,) else [f"{found} advisory locks have stayed on server connections"]
    finally:
        pooler.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return Harm(complaints, Expected(prices=saver.accepted()))


def _is_alarmed_by_limits(world: World) -> list[str]:
    """Limits behind the pooler keep indexes from being built: check, verify and the build itself must say so."""
    from django.db import connections

    with world.administrator() as connection:
        connection.execute(f"ALTER DATABASE {DATABASE} SET statement_timeout = '20s'")
        world.end_connections(connection)
        try:
            said = _said("check", "--database", "default") + _said("search_index", "verify")
        finally:
            connection.execute(f"ALTER DATABASE {DATABASE} RESET statement_timeout")
            world.end_connections(connection)
            connections["default"].close()  # it was one of them
    wanted = ("fashion_search.W018", "FAILED connections: ", "MAINTENANCE_DATABASE")
    return [
        f"check and verify do not say {word!r} of a pooler with limits" for word in wanted if word not in said
    ]


@fault
def standby_behind(world: World) -> Harm:
    """All reads are sent to a standby that stopped applying changes, while products are saved, deleted and indexed again."""
    with _standby(world) as standby:
        url = standby.url(DATABASE)
        with psycopg.connect(url, autocommit=True) as behind:
            behind.execute("SELECT pg_wal_replay_pause()")
            with world.restarted_with(CHAOS_REPLICA_URL=url):
                where = _said("shell", "--no-imports", "-c", _WHERE_READS_GO).strip()
                complaints = [] if where == "replica" else [f"the shop's reads go to {where!r}"]
                world.save_some(10)
                deleted = world.delete_some(3)
                with Saver(world.keys(), world.random) as saver:
                    time.sleep(3.0)
                world.reindex()
                complaints += expect(lambda: not world.is_waiting(), "what was saved is indexed", seconds=90)
                expected = Expected(deleted=tuple(deleted), prices=saver.accepted())
                world.rebuild()
                complaints += [*world.rebuilt(), *world.holds(expected)]
                complaints += _differ(behind, expected)
            complaints += _is_seen_to_be_read_only(world, url)
    return Harm(complaints, expected)


def _differ(behind: psycopg.Connection, expected: Expected) -> list[str]:
    """The standby must have been behind, or nothing was tried."""
    rows = behind.execute(
        "SELECT id, price FROM shop_product WHERE id = ANY(%s)", [list(expected.prices)]
    ).fetchall()
    stale = sum(price != expected.prices[key] for key, price in rows)
    return (
        []
        if stale > len(rows) / 2
        else [f"the standby has {len(rows) - stale} of {len(rows)} prices already"]
    )


def _is_seen_to_be_read_only(world: World, url: str) -> list[str]:
    """With a standby for its only database, searches are answered, and everybody who is asked says that nothing can be saved."""
    with world.restarted_with(DATABASE_URL=url):
        answer = ask(world.port, "/api/v1/search/?q=red+shirt")
        complaints = [] if answer.status == 200 else [f"a search on a standby was answered {answer.status}"]
        complaints += expect(
            lambda: read_checks(world.port).get("writable") is False, "readiness sees a standby", seconds=20
        )
        said = _said("check", "--database", "default") + _said("search_index", "verify")
        words = ("fashion_search.W019", "FAILED connections: ")
        complaints += [
            f"check and verify do not say {word!r} of a standby" for word in words if word not in said
        ]
    return complaints


@fault
def standby_promoted(world: World) -> Harm:
    """Postgres is killed while products are saved and a version is built; its standby is promoted and found by libpq."""
    primary = world.servers.postgres
    with _standby(world) as standby, _synchronous(world):
        hosts = f"{primary.sockets},{standby.sockets}"
        url = f"postgresql://postgres@/{DATABASE}?host={quote(hosts)}&target_session_attrs=read-write"
        complaints: list[str] = []
        with world.restarted_with(DATABASE_URL=url), _through(hosts):
            try:
                expected = _fail_over(world, standby, complaints)
            finally:
                world.end_all()
                if not primary.process.running:
                    _take_its_place(primary, standby)
    return Harm(complaints, expected)


def _fail_over(world: World, standby: EmbeddedPostgres, complaints: list[str]) -> Expected:
    from django.db import connections

    with Saver(world.keys(), world.random) as saver:
        complaints += expect(saver.has_saved, "products are saved", seconds=20)
        world.reindex()
        world.ask_for_rebuild()
        wait_until(world.is_busy, seconds=60)
        world.servers.postgres.process.kill()
        connections["default"].close()
        complaints += expect(lambda: saver.refused, "a save was refused", seconds=20)
        complaints += _is_not_ready(world)
        with psycopg.connect(standby.url(DATABASE), autocommit=True) as promoted:
            promoted.execute("SELECT pg_promote(true, 60)")
        complaints += _is_ready_again(world)
        complaints += expect(saver.has_saved, "products are saved again", seconds=60)
        complaints += world.rebuilt()
    expected = Expected(prices=saver.accepted())
    complaints += expect(lambda: not world.is_waiting(), "what was saved is indexed", seconds=90)
    # Tasks that could not run are late until their next run has ended well.
    if held := expect(lambda: not world.holds(expected), "all holds on the promoted standby", seconds=60):
        complaints += [*held, *world.holds(expected)]
    connections["default"].close()
    return expected


@contextmanager
def _synchronous(world: World) -> Iterator[None]:
    """What is accepted is on the standby, too."""
    with world.administrator() as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        with world.administrator() as connection:  # to another server by now
            connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
            connection.execute("SELECT pg_reload_conf()")


@contextmanager
def _standby(world: World) -> Iterator[EmbeddedPostgres]:
    """A standby of the shop's Postgres that has caught up."""
    folder = world.servers.folder / "standby"
    standby = world.servers.postgres.make_standby(folder, log=world.servers.logs / "standby.log")
    standby.start()
    try:
        with world.administrator() as connection:
            wait_until(lambda: connection.execute(_STREAMS).fetchone() is not None, seconds=30)
        yield standby
    finally:
        standby.stop()
        shutil.rmtree(folder, ignore_errors=True)


_STREAMS = "SELECT FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn >= pg_current_wal_lsn()"


@contextmanager
def _through(hosts: str) -> Iterator[None]:
    """Let this process's own connections, and those of its threads, find whichever of the servers takes writes."""
    from django.db import connections

    databases = connections.databases["default"]
    usual = dict(databases)
    databases |= {"HOST": hosts, "OPTIONS": {**usual["OPTIONS"], "target_session_attrs": "read-write"}}
    connections["default"].close()
    connections["default"].settings_dict.update(databases)
    try:
        yield
    finally:
        databases.update(usual)
        connections["default"].close()
        connections["default"].settings_dict.update(usual)


def _take_its_place(primary: EmbeddedPostgres, promoted: EmbeddedPostgres) -> None:
    """Let the promoted server's data be found where the former one's were, for the faults to come."""
    promoted.process.stop()
    shutil.rmtree(primary.folder)
    promoted.folder.rename(primary.folder)
    primary.start()


def _is_not_ready(world: World) -> list[str]:
    return expect(
        lambda: read_checks(world.port).get("database") is False,
        "readiness sees that Postgres is away",
        seconds=30,
    )


def _is_ready_again(world: World) -> list[str]:
    return expect(
        lambda: read_checks(world.port).get("database") is True, "readiness sees Postgres again", seconds=60
    )


def _said(*arguments: str) -> str:
    """Run a management command, whatever it ends with, and return all that it says."""
    done = manage(*arguments)
    return done.stdout + done.stderr
