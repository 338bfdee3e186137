"""All that the dashboard shows of the index, looked at in one go."""

from dataclasses import dataclass
from typing import Any

from ..conf import get_settings
from ..indexing.status import OutboxState, measure_outbox
from .checks import Check, State, summarise
from .failed import Failed, read_failed
from .index import check_held, check_index, check_staleness, check_versions
from .maintenance import LogLook, check_log, check_tasks
from .progress import read_progress
from .services import check_connections, check_neighbours, check_postgres, check_queue, check_storage
from .shoppers import Answers, check_answers, read_answers
from .wording import count
from .workers import Ping


@dataclass(frozen=True, slots=True)
class Board:
    """The state of search at one moment."""

    summary: Check
    checks: tuple[Check, ...]
    outbox: OutboxState
    build: dict[str, Any] | None  # as `read_progress` tells it
    failed: Failed
    answers: tuple[Answers, ...]


def read_board() -> Board:
    """Look at everything; the workers and the log's Redis are asked meanwhile, and are waited for 0.4 s at most."""
    ping, log = Ping(), LogLook()
    postgres = check_postgres()
    connections = check_connections()
    index = check_index()
    staleness = check_staleness()
    storage = check_storage()
    outbox = measure_outbox()
    failed = read_failed()
    answers = read_answers()
    build = read_progress(ping.count)
    checks = (
        postgres,
        connections,
        *check_queue(ping),
        storage,
        *check_neighbours(ping.count() is not None),
        *index,
        check_held(),
        staleness,
        check_versions(),
        check_build(build),
        check_failed(failed),
        check_tasks(),
        check_log(log),
        check_answers(answers),
    )
    return Board(summarise(checks), checks, outbox, build, failed, tuple(answers))


def check_build(build: dict[str, Any] | None) -> Check:
    """Say whether the build that runs moves, and whether the last one came to a good end."""
    if build is None:
        return Check("Builds", State.OK, "Nothing has been built yet.")
    if build["stalled"]:
        return Check("Builds", State.ATTENTION, f"The {build['kind']} does not move.", build["advice"])
    if build["trouble"]:
        remedy = "Correct what the reason names; the step is tried again by itself."
        return Check("Builds", State.ATTENTION, f"The {build['kind']} runs into: {build['trouble']}", remedy)
    if build["state"] == "failed":
        remedy = "Correct what the reason names, then begin again."
        return Check(
            "Builds", State.ATTENTION, f"The last {build['kind']} failed. {build['sentence']}", remedy
        )
    if build["running"]:
        return Check("Builds", State.OK, f"A {build['kind']} runs. {build['sentence']}")
    return Check("Builds", State.OK, f"The last {build['kind']} is {build['state']}.")


def check_failed(failed: Failed) -> Check:
    """Say whether products were given up on."""
    if failed.parked:
        return Check(
            "Failed products",
            State.ATTENTION,
            f"{count(failed.parked, 'product')} parked after their last attempt.",
            "Correct what the reason names, then try again from the list of stale products.",
        )
    if failed.incomplete > get_settings().verify_max_failed * failed.entries:
        return Check(
            "Failed products",
            State.ATTENTION,
            f"{failed.incomplete:,} of {count(failed.entries, 'product')} are not wholly in the index.",
            "Correct what the reasons name, below What failed; what failed is tried again by itself, or by a reindex.",
        )
    if failed.retrying:
        return Check(
            "Failed products",
            State.OK,
            f"{count(failed.retrying, 'product')} will be tried again.",
        )
    return Check("Failed products", State.OK, "None.")
