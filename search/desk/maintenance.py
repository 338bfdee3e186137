"""Checks of what keeps search fresh in the background: the periodic tasks, and the log that one of them empties."""

from threading import Thread
from time import monotonic

from ..conf import get_settings
from ..indexing.task_runs import task_states
from ..insight.log_store import LONGEST, Waiting, measure_waiting
from .checks import Check, State
from .wording import count, span
from .workers import REPLY_SECONDS

LOG_SECONDS = 600.0  # after which a record that waits for a worker is an old one
LOG_SHARE = 0.5  # of the longest list


def check_tasks() -> Check:
    """Look for periodic tasks that failed at their last run, or have not run for three periods."""
    name = "Periodic tasks"
    states = task_states()
    wrong = [state for state in states if state.trouble]
    if not wrong:
        latest = min((state.since for state in states if state.since is not None), default=None)
        if latest is None:
            return Check(name, State.OK, "None has run yet; that is told from three of their periods on.")
        long = " ".join(
            f"{state.task.name} has been at work for {span(state.unfinished or 0.0)}."
            for state in states
            if state.at_work
        )
        return Check(name, State.OK, f"All run in time, the latest {span(latest)} ago. {long}".strip())
    told = " ".join(f"{state.trouble} Meanwhile {state.task.loss}." for state in wrong)
    if len(wrong) == len(states) and not any(state.failing for state in wrong):
        return Check(
            name,
            State.BROKEN,
            f"None runs. {told}",
            "Start Celery beat, one for the whole shop, and a worker. If both run, read their logs.",
        )
    late = [state.task for state in wrong if not state.failing]
    remedies = []
    if any(state.failing for state in wrong):
        remedies.append(
            "Correct what the error names; the worker's log has all of it, and the next run tries again."
        )
    if late:
        missing = ", ".join(task.name for task in late)
        settings = ", ".join(sorted({task.setting for task in late}))
        remedies.append(
            f"See that the beat schedule has {missing} (manage.py check says whether it does) and that a worker has"
            f" time for it; where it shall run less often, say so by {settings}."
        )
    return Check(name, State.ATTENTION, told, " ".join(remedies))


class LogLook:
    """A look at the search log in Redis, by a thread, so that whoever waits for it may stop waiting."""

    def __init__(self) -> None:
        self._started = monotonic()
        self._found: Waiting | None = None
        self._error = f"no answer within {REPLY_SECONDS} s"
        self._thread = Thread(target=self._look, name="fashion-search-log-look", daemon=True)
        if get_settings().insight:
            self._thread.start()

    def take(self) -> Waiting:
        """Return what waits in Redis.

        Raises:
            LookupError: its Redis could not be asked within REPLY_SECONDS of the beginning; says why.
        """
        self._thread.join(max(0.0, self._started + REPLY_SECONDS - monotonic()))
        if self._found is None:
            raise LookupError(self._error)
        return self._found

    def _look(self) -> None:
        try:
            self._found = measure_waiting(REPLY_SECONDS)
        except Exception as error:  # noqa: BLE001 - of redis or of a socket; told to whoever waits
            self._error = str(error)


def check_log(look: LogLook) -> Check:
    """Say how much of the search log waits in Redis for a worker, and for how long."""
    name = "Search log"
    if not get_settings().insight:
        return Check(name, State.OK, "Searches are not being logged: the setting INSIGHT is off.")
    try:
        waiting = look.take()
    except LookupError as error:
        return Check(
            name,
            State.ATTENTION,
            f"Its Redis does not answer: {error}",
            "Start it, or correct INSIGHT_REDIS_URL. Searches go on; what web processes note waits in their memory,"
            " as far as that is enough.",
        )
    if not waiting.number:
        return Check(name, State.OK, "No record waits in Redis.")
    sentence = f"{count(waiting.number, 'record')} in Redis, the oldest for {span(waiting.oldest_seconds)}."
    if waiting.oldest_seconds <= LOG_SECONDS and waiting.number <= LOG_SHARE * LONGEST:
        return Check(name, State.OK, sentence)
    return Check(
        name,
        State.ATTENTION,
        f"{sentence} From {LONGEST:,} on newer ones are dropped.",
        "See that Celery beat asks for drain_log and that a worker has time for it.",
    )
