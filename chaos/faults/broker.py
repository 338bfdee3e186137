"""Faults done to Redis, which holds nothing that may not be lost."""

import time

from chaos.registry import Harm, fault
from chaos.world import World

OUTAGE_SECONDS = {True: 30.0, False: 4.0}
SLOWEST_SAVE = 3.0  # seconds that saving a product may take while the broker is away


@fault
def redis_refused(world: World) -> Harm:
    """Redis is gone while products are saved."""
    world.queue.process.kill()
    complaints = _saves(world)
    world.queue.start()
    return Harm(complaints=complaints)


@fault
def redis_frozen(world: World) -> Harm:
    """Redis takes connections and answers nothing while products are saved."""
    with world.frozen(world.queue.process):
        complaints = _saves(world)
    return Harm(complaints=complaints)


@fault
def redis_restarted_empty(world: World) -> Harm:
    """Redis is killed in the middle of a rebuild and comes back with nothing in it."""
    world.rebuild()
    world.queue.process.kill()
    world.queue.start()
    return Harm(complaints=world.rebuilt())


@fault
def redis_out_of_memory(world: World) -> Harm:
    """Redis takes nothing more because its memory is full, while products are saved."""
    with world.broker() as client:
        client.config_set("maxmemory", "1")
        complaints = _saves(world)
        client.config_set("maxmemory", "0")
    return Harm(complaints=complaints)


@fault
def redis_flushed(world: World) -> Harm:
    """Somebody says FLUSHALL in the middle of a rebuild."""
    world.rebuild()
    with world.broker() as client:
        client.flushall()
    return Harm(complaints=world.rebuilt())


def _saves(world: World) -> list[str]:
    """Save products for as long as an outage lasts; say which took too long or failed."""
    until, slowest = time.monotonic() + OUTAGE_SECONDS[world.thorough], 0.0
    while time.monotonic() < until:
        try:
            slowest = max(slowest, *world.save_some(3))
        except Exception as error:  # noqa: BLE001 - whatever it is, saving must not fail
            return [f"saving a product failed: {type(error).__name__}: {error}"]
        time.sleep(0.1)
    return [f"saving a product took {slowest:.1f} s"] if slowest > SLOWEST_SAVE else []
