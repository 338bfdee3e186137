"""What becomes of a fault: exceptions, processes that end, and shoppers who get nothing are complaints."""

import subprocess
import sys

import pytest

from lab.chaos.invariants import State
from lab.chaos.runner import FAULTS, Harm, run
from lab.traffic import Seen
from tests.processes import ROOT


class QuietWorld:
    """A shop in which nothing happens but what a test says."""

    port = 0

    def __init__(self, *ended: str) -> None:
        self._ended = [[], list(ended)]

    def keep(self) -> None:
        """Nothing is to be kept."""

    def take_ended(self) -> list[str]:
        """What ended before the fault, then what ended during it."""
        return self._ended.pop(0)


class QuietTraffic:
    """A shopper who was answered as a test says."""

    def __init__(self, seen: Seen, *, goes_on: bool = True) -> None:
        self.goes_on = goes_on
        self._seen = seen

    def take(self) -> Seen:
        """What was seen."""
        return self._seen


@pytest.fixture
def outcome_of(monkeypatch):
    """Do a fault that is given as a function, in a world and before a shopper that are given, too."""
    monkeypatch.setattr("lab.chaos.runner.broken", lambda _port, _expected: State())

    def outcome_of(fault, world=None, traffic=None):
        monkeypatch.setitem(FAULTS, "tried", fault)
        return run("tried", world or QuietWorld(), traffic or QuietTraffic(_seen()))

    return outcome_of


def test_a_fault_after_which_all_holds(outcome_of):
    outcome = outcome_of(lambda _world: Harm())
    assert (outcome.complaints, outcome.passed, outcome.answers) == ([], True, 1)


def test_an_exception_is_a_complaint(outcome_of):
    def fail(_world: object) -> Harm:
        raise TimeoutError("Not within 30 s.")

    outcome = outcome_of(fail)
    assert outcome.complaints == ["it could not be done to its end: TimeoutError: Not within 30 s."]
    assert not outcome.passed


def test_a_process_that_ended_by_itself(outcome_of):
    assert outcome_of(lambda _world: Harm(), QuietWorld("web")).complaints == ["web ended by itself"]
    excused = outcome_of(lambda _world: Harm(may_end=frozenset({"worker"})), QuietWorld("worker"))
    assert (excused.complaints, excused.restarted) == ([], ["worker"])


def test_a_shopper_who_gets_nothing(outcome_of):
    refused = Seen(wrong=["/search/: refused"])
    refused.statuses["503"] = 7
    assert outcome_of(lambda _world: Harm(), traffic=QuietTraffic(refused)).complaints == [
        "no search was answered with results",
        "/search/: refused",
    ]
    gone = QuietTraffic(_seen(), goes_on=False)
    assert outcome_of(lambda _world: Harm(), traffic=gone).complaints == [
        "the shopper who searches meanwhile has ended"
    ]


def test_a_fault_that_cannot_be_done_has_not_passed(outcome_of):
    outcome = outcome_of(lambda _world: Harm(skipped="nothing can be mounted"))
    assert (outcome.passed, outcome.skipped) == (False, "nothing can be mounted")


def test_no_fault_at_all_is_refused():
    command = [sys.executable, "-m", "lab.chaos", "--first", "0"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "argument --first: 0 is not 1 or more" in result.stderr


def _seen() -> Seen:
    seen = Seen()
    seen.statuses["200"] = 1
    return seen
