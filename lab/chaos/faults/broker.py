"""Faults done to Redis, which holds nothing that may not be lost."""

import time
from collections.abc import Callable

import redis
from prometheus_client import Counter

from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import frozen

OUTAGE_SECONDS = {True: 30.0, False: 4.0}
SLOWEST_SAVE = 3.0  # seconds that saving a product may take while the broker is away


@fault
def redis_refused(world: World) -> Harm:
    """Redis is gone while products are saved."""
    world.queue.process.kill()
    try:
        complaints = _saves(world)
    finally:
        world.queue.start()
    return Harm(complaints, may_end=_WORKER)


@fault
def redis_frozen(world: World) -> Harm:
    """Redis takes connections and answers nothing while products are saved."""
    with frozen(world.queue.process):
        complaints = _saves(world)
    return Harm(complaints)


@fault
def redis_restarted_empty(world: World) -> Harm:
    """Redis is killed in the middle of a rebuild and comes back with nothing in it."""

    def restart() -> None:
        world.queue.process.kill()
        world.queue.start()

    return _in_a_rebuild(world, restart)


@fault
def redis_out_of_memory(world: World) -> Harm:
    """Redis takes nothing more because its memory is full, while products are saved."""
    with world.broker() as client:
        client.config_set("maxmemory", "1")
        try:
            complaints = _saves(world)
        finally:
            client.config_set("maxmemory", "0")
    return Harm(complaints, may_end=_WORKER)


@fault
def redis_flushed(world: World) -> Harm:
    """Somebody says FLUSHALL in the middle of a rebuild."""

    def flush() -> None:
        with world.broker() as client:
            client.flushall()

    return _in_a_rebuild(world, flush)


# An error inside Kombu while it connects again ends a Celery worker; systemd, Compose and the demo start it again.
_WORKER = frozenset({"worker"})


def _in_a_rebuild(world: World, harm: Callable[[], None]) -> Harm:
    with world.rebuilding() as complaints:
        harm()
    return Harm([*complaints, *world.rebuilt()], may_end=_WORKER)


def _saves(world: World) -> list[str]:
    """Save products for as long as an outage lasts; say which took too long or failed, and whether Redis took anything."""
    from search.indexing.marks import breaker
    from search.prometheus import PUBLISH_FAILURES

    breaker.close()  # another fault may have opened it, and then nothing is sent
    refused = _count(PUBLISH_FAILURES)
    complaints = ["Redis took what was written"] if _takes(world) else []
    until, slowest = time.monotonic() + OUTAGE_SECONDS[world.thorough], 0.0
    while time.monotonic() < until:
        try:
            slowest = max(slowest, *world.save_some(3))
        except Exception as error:  # noqa: BLE001 - whatever it is, saving must not fail
            return [*complaints, f"saving a product failed: {type(error).__name__}: {error}"]
        time.sleep(0.1)
    complaints += [] if _count(PUBLISH_FAILURES) > refused else ["no hint was refused"]
    return [*complaints, f"saving a product took {slowest:.1f} s"] if slowest > SLOWEST_SAVE else complaints


def _takes(world: World) -> bool:
    with redis.Redis.from_url(world.queue.url, socket_timeout=1, socket_connect_timeout=1) as client:
        try:
            client.set("chaos", "1")
        except (redis.RedisError, OSError):
            return False
    return True


def _count(counter: Counter) -> float:
    return next(
        sample.value
        for metric in counter.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    )
