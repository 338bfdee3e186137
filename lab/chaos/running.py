"""Do one fault to a running shop, and see how it comes back."""

import time
from dataclasses import dataclass, field

from .invariants import State, broken
from .registry import FAULTS, Harm
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
    """Do a fault, wait until everything holds again, and report; an exception of the fault is a complaint, too.

    Args:
        name: of the fault.
        world: the shop.
        traffic: shoppers, who go on meanwhile.
    """
    traffic.take()
    world.take_ended()
    try:
        harm = FAULTS[name](world)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other faults are still to be done
        harm = Harm([f"it could not be done to its end: {type(error).__name__}: {error}"])
    if harm.skipped:
        return Outcome(name, 0.0, skipped=harm.skipped)
    ended = time.monotonic()
    state = State(["not looked at"])
    while state.wrong and time.monotonic() - ended < PATIENCE_SECONDS:
        world.keep()
        state = _look(world, harm)
        if state.wrong:
            time.sleep(0.25)
    recovery = time.monotonic() - ended
    restarted = world.take_ended()
    seen = traffic.take()
    return Outcome(
        name,
        recovery,
        [
            *harm.complaints,
            *state.wrong,
            *(f"{ended} ended by itself" for ended in restarted if ended not in harm.may_end),
            *seen.complaints(),
            *([] if traffic.goes_on else ["the shopper who searches meanwhile has ended"]),
        ],
        state.lost,
        state.doubled,
        sum(seen.statuses.values()),
        seen.degraded,
        seen.statuses["503"],
        seen.slowest,
        restarted,
    )


def _look(world: World, harm: Harm) -> State:
    try:
        return broken(world.port, harm.expected)
    except Exception as error:  # noqa: BLE001 - it is said, and looked at again
        return State([f"it could not be looked at: {type(error).__name__}: {error}"])
