"""All that the dashboard shows of the index, looked at in one go."""

from dataclasses import dataclass

from ..indexing.progress import OutboxState, measure_outbox
from .checks import Check, State, summarise
from .failed import Failed, read_failed
from .index import check_index, check_staleness
from .services import check_postgres, check_queue
from .shoppers import Answers, check_answers, read_answers
from .wording import count
from .workers import Ping


@dataclass(frozen=True, slots=True)
class Board:
    """The state of search at one moment."""

    summary: Check
    checks: tuple[Check, ...]
    outbox: OutboxState
    failed: Failed
    answers: tuple[Answers, ...]


def read_board() -> Board:
    """Look at everything; the workers are asked meanwhile, and are waited for 0.4 s at most."""
    ping = Ping()
    postgres = check_postgres()
    index = check_index()
    staleness = check_staleness()
    outbox = measure_outbox()
    failed = read_failed()
    answers = read_answers()
    checks = (
        postgres,
        *check_queue(ping),
        *index,
        staleness,
        check_failed(failed),
        check_answers(answers),
    )
    return Board(summarise(checks), checks, outbox, failed, tuple(answers))


def check_failed(failed: Failed) -> Check:
    """Say whether products were given up on."""
    if failed.parked:
        return Check(
            "Failed products",
            State.ATTENTION,
            f"{count(failed.parked, 'product')} parked after their last attempt.",
            "Correct what the reason names, then try again from the list of stale products.",
        )
    if failed.retrying:
        return Check(
            "Failed products",
            State.OK,
            f"{count(failed.retrying, 'product')} will be tried again.",
        )
    return Check("Failed products", State.OK, "None.")
