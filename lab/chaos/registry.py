"""The list of faults: each does its harm and ends it; what must hold afterwards is the same for all."""

from collections.abc import Callable
from dataclasses import dataclass, field

from .expected import NOTHING, Expected
from .world import World


@dataclass(frozen=True, slots=True)
class Harm:
    """What a fault did, for what must hold afterwards."""

    complaints: list[str] = field(default_factory=list)  # what was wrong already while it lasted
    expected: Expected = NOTHING
    may_end: frozenset[str] = (
        frozenset()
    )  # processes that the fault may make end, without killing them itself
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
