"""Faults done to Postgres, while products are saved: what was accepted must be in the index afterwards."""

import os
import re
import signal
import time
from contextlib import ExitStack

import psycopg

from lab.chaos.catalogue import Saver
from lab.chaos.invariants import Expected
from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import expect, frozen, wait_until
from lab.servers import DATABASE
from lab.traffic import Answer, ask

OUTAGE_SECONDS = {True: 30.0, False: 4.0}
# Postgres refuses a connection with 53300 (too_many_connections); libpq hands on its sentence only.
TOO_MANY = re.compile("too many clients already|remaining connection slots are reserved")
_ANY = f"SELECT pid FROM pg_stat_activity WHERE datname = '{DATABASE}' AND backend_type = 'client backend' LIMIT 1"


@fault
def connections_terminated(world: World) -> Harm:
    """Every connection to Postgres is ended, every two seconds, while every picture is read and encoded."""
    world.reindex()
    with _saver(world) as saver, world.administrator() as connection:
        for _ in range(10 if world.thorough else 3):
            world.end_connections(connection)
            time.sleep(2.0)
        complaints = expect(saver.has_saved, "products are saved again", seconds=60)
    return _harm(saver, complaints)


@fault
def postgres_backend_killed(world: World) -> Harm:
    """One backend of Postgres is killed in the middle of indexing, upon which Postgres ends all others and recovers."""
    world.reindex()
    with _saver(world) as saver:
        wait_until(world.is_busy, seconds=20)
        with world.administrator() as connection:
            row = connection.execute(_ANY).fetchone()
        if row is None:
            return Harm(["nothing was connected to Postgres"])
        os.kill(row[0], signal.SIGKILL)
        complaints = expect(lambda: saver.refused, "a save was refused", seconds=20)
        complaints += expect(saver.has_saved, "products are saved again", seconds=60)
    return _harm(saver, complaints)


@fault
def postgres_frozen(world: World) -> Harm:
    """Postgres takes connections and answers nothing for a while."""
    with _saver(world) as saver:
        with frozen(world.servers.postgres.process):
            time.sleep(OUTAGE_SECONDS[world.thorough])
        complaints = expect(saver.has_saved, "products are saved again", seconds=60)
    return _harm(saver, complaints)


@fault
def connections_exhausted(world: World) -> Harm:
    """Somebody takes every connection that Postgres has, those of the shop as well."""
    from django.db import connections

    keys = world.keys()
    connections.close_all()
    answers: list[Answer] = []
    complaints: list[str] = []
    with world.administrator() as administrator, ExitStack() as held:
        ended = time.monotonic() + OUTAGE_SECONDS[world.thorough]
        pids = [0]
        while time.monotonic() < ended or not _refused(answers):
            reason = _take_all(world, held, pids)
            if not TOO_MANY.search(reason):
                complaints.append(f"Postgres refused a connection otherwise: {reason}")
            world.end_connections(administrator, pids)
            _take_all(world, held, pids)
            answers.append(ask(world.port, "/api/v1/search/?q=red+shirt"))
            if time.monotonic() > ended + OUTAGE_SECONDS[world.thorough] * 5:
                complaints.append("the shop got connections all the same")
                break
        with Saver(keys, world.random) as during:
            time.sleep(0.5)
    complaints += [] if during.refused else ["products were saved without a connection"]
    complaints += [
        f"a search was answered {answer.status}, Retry-After {answer.retry_after!r}"
        for answer in answers
        if answer.status != 200 and not (answer.status == 503 and answer.retry_after)
    ]
    with Saver(keys, world.random) as saver:
        complaints += expect(saver.has_saved, "products are saved afterwards", seconds=20)
    return _harm(saver, complaints)


def _take_all(world: World, held: ExitStack, pids: list[int]) -> str:
    """Connect until Postgres refuses; return its sentence."""
    while True:
        try:
            connection = held.enter_context(psycopg.connect(world.servers.database))
        except psycopg.OperationalError as error:
            return str(error)
        pids.append(connection.info.backend_pid)


def _refused(answers: list[Answer]) -> bool:
    return any(answer.status == 503 for answer in answers)


def _saver(world: World) -> Saver:
    return Saver(world.keys(), world.random)


def _harm(saver: Saver, complaints: list[str]) -> Harm:
    accepted = saver.accepted()
    if not accepted:
        complaints = [*complaints, "no save was accepted"]
    return Harm(complaints, Expected(prices=accepted))
