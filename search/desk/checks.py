"""What a check of the dashboard says: a state with its word, a sentence, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How something is, the worst last."""

    OK = "ok"
    ATTENTION = "attention"  # search works, somebody should look
    BROKEN = "broken"  # shoppers or workers notice


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    sentence: str
    remedy: str = ""  # what to do where the state is not "ok"


def summarise(checks: Sequence[Check]) -> Check:
    """Return one check for all of them, whose state is the worst."""
    broken = [check.name for check in checks if check.state is State.BROKEN]
    attention = [check.name for check in checks if check.state is State.ATTENTION]
    if broken:
        return Check("Search", State.BROKEN, f"Broken: {', '.join(broken)}.")
    if attention:
        return Check("Search", State.ATTENTION, f"Search works; to be looked at: {', '.join(attention)}.")
    return Check("Search", State.OK, "Search is healthy.")
