"""The list of faults, and what becomes of each: it does its harm and ends it; what must hold afterwards is the same for all."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.traffic import Traffic

from .invariants import NOTHING, Expected, State, broken
from .world import World

PATIENCE_SECONDS = 120.0  # until everything must hold again


@dataclass(frozen=True, slots=True)
class Harm:
    """What a fault did, for what must hold afterwards."""

    complaints: list[str] = field(default_factory=list)  # what was wrong already while it lasted
    expected: Expected = NOTHING
    # processes that the fault may make end, without killing them itself
    may_end: frozenset[str] = frozenset()
    skipped: str = ""  # why it cannot be done on this machine


Fault = Callable[[World], Harm]
FAULTS: dict[str, Fault] = {}


def fault(function: Fault) -> Fault:
    """Add a fault to the list, by its function's name."""
    FAULTS[function.__name__] = function
    return function


def describe(name: str) -> str:
    """Return a fault's first sentence."""
    return (FAULTS[name].__doc__ or "").strip().splitlines()[0]


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
