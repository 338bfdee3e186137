"""Faults done to clocks."""

from chaos.registry import Harm, fault
from chaos.waiting import expect
from chaos.world import World


@fault
def clock_stepped_back(world: World) -> Harm:
    """The clocks of worker, beat and web are set back by an hour, while Postgres keeps its own."""
    with world.told(CHAOS_CLOCK_BACK="3600"):
        world.save_some(10)
        deleted = world.delete_some(2)
        complaints = expect(lambda: not world.is_waiting(), "changes are indexed", seconds=60)
    return Harm(deleted=tuple(deleted), complaints=complaints)
