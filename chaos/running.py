"""Do one fault to a running shop, and see how it comes back."""

import time
from dataclasses import dataclass, field

from .invariants import State, broken
from .registry import FAULTS
from .traffic import Traffic
from .world import World

PATIENCE_SECONDS = 120.0  # until everything must hold again


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one fault."""

    name: str
    recovery: float  # seconds from the fault's end until everything held again
    complaints: list[str] = field(default_factory=list)  # what did not hold
    lost: int = 0
    doubled: int = 0
    answers: int = 0
    degraded: int = 0
    unavailable: int = 0  # documented 503s
    slowest: float = 0.0  # seconds of an answer
    restarted: list[str] = field(default_factory=list)  # processes that ended by themselves
    skipped: str = ""  # why it was not done

    @property
    def passed(self) -> bool:
        """Whether it was done and everything held."""
        return not self.complaints and not self.skipped


def run(name: str, world: World, traffic: Traffic) -> Outcome:
    """Do a fault, wait until everything holds again, and report.

    Args:
        name: of the fault.
        world: the shop.
        traffic: shoppers, who go on meanwhile.
    """
    traffic.take()
    harm = FAULTS[name](world)
    if harm.skipped:
        return Outcome(name, 0.0, skipped=harm.skipped)
    ended = time.monotonic()
    state = State(["not looked at"])
    restarted: list[str] = []
    while state.wrong and time.monotonic() - ended < PATIENCE_SECONDS:
        restarted += world.keep()
        state = broken(world.port, harm.deleted)
        if state.wrong:
            time.sleep(0.25)
    recovery = time.monotonic() - ended
    seen = traffic.take()
    return Outcome(
        name,
        recovery,
        [*harm.complaints, *state.wrong, *seen.wrong[:5]],
        state.lost,
        state.doubled,
        sum(seen.statuses.values()),
        seen.degraded,
        seen.statuses["503"],
        seen.slowest,
        restarted,
    )
