"""Faults done to Postgres."""

import os
import signal
import time
from contextlib import ExitStack, suppress

import psycopg

from chaos.registry import Harm, fault
from chaos.world import World

OUTAGE_SECONDS = {True: 30.0, False: 4.0}
_TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'bench' AND pid <> pg_backend_pid()"
_ANY = "SELECT pid FROM pg_stat_activity WHERE datname = 'bench' AND backend_type = 'client backend' LIMIT 1"


@fault
def connections_terminated(world: World) -> Harm:
    """Every connection to Postgres is ended, every two seconds, while every picture is read and encoded."""
    world.reindex()
    with world.administrator() as connection:
        for _ in range(10 if world.thorough else 3):
            connection.execute(_TERMINATE)
            time.sleep(2.0)
    return Harm()


@fault
def postgres_backend_killed(world: World) -> Harm:
    """One backend of Postgres is killed in the middle of indexing, upon which Postgres ends all others and recovers."""
    world.reindex()
    time.sleep(0.5)
    with world.administrator() as connection:
        row = connection.execute(_ANY).fetchone()
    if row is None:
        return Harm(complaints=["nothing was connected to Postgres"])
    os.kill(row[0], signal.SIGKILL)
    return Harm()


@fault
def postgres_frozen(world: World) -> Harm:
    """Postgres takes connections and answers nothing for a while."""
    with world.frozen(world.setting.postgres.process):
        time.sleep(OUTAGE_SECONDS[world.thorough])
    return Harm()


@fault
def connections_exhausted(world: World) -> Harm:
    """Somebody takes every connection that Postgres has left."""
    with ExitStack() as held:
        with suppress(psycopg.OperationalError):
            while True:
                held.enter_context(psycopg.connect(world.setting.postgres.url("bench")))
        time.sleep(OUTAGE_SECONDS[world.thorough] / 2)
    return Harm()
