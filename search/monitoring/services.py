"""What a check of the dashboard says: a state with its word, a sentence, and what to do about it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Event, Thread
from time import monotonic, perf_counter, sleep
from typing import Any

from celery import current_app
from django.db import DatabaseError, connection

from ..conf import get_settings, namespace
from ..exceptions import StorageAway
from ..indexing.databases import (
    MINIMUM,
    READ_ONLY,
    find_misrouted,
    find_unsafe,
    find_unusable,
    installed_version,
    is_read_only,
)
from ..indexing.pictures import storage_answers
from ..indexing.task_runs import task_states
from ..insight.log_store import LONGEST, Waiting, measure_waiting
from ..messages import ASK_WORKER, TASKS
from ..resilience import BackgroundCall, TooLate, broker_connection
from . import neighbours


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


# How the dashboard writes spans of time and numbers.


MINUTE, HOUR, DAY = 60, 3600, 86_400


def span(seconds: float) -> str:
    """Return a span of time in words, with two units at most: "45 s", "3 min", "2 h 5 min", "4 days"."""
    whole = round(max(0.0, seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < 10 * MINUTE:
        return f"{whole // MINUTE} min" + (f" {whole % MINUTE} s" if whole % MINUTE else "")
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < DAY:
        minutes = whole % HOUR // MINUTE
        return f"{whole // HOUR} h" + (f" {minutes} min" if minutes else "")
    days = whole // DAY
    return f"{days} day{'' if days == 1 else 's'}"


def count(number: int, noun: str) -> str:
    """Return a number and its noun: "1 product", "1,234 products"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# Whether the task queue and its workers answer, asked in a bounded time whatever is frozen.


logger = logging.getLogger(__name__)

REPLY_SECONDS = (
    0.4  # workers that reply later than this count as away; a live one replies in some milliseconds
)
# Tasks without which nothing gets into the index, wherever a host routes them.
ROUTED = ("index_stale", "sweep", "advance_builds", "begin_build", "reconcile")
OTHERS_SECONDS = 0.1  # what the others get after the first one
BROKER_SECONDS = 0.5  # a page waits for it, so it is given less time than a message


class Ping:
    """A question to all workers, asked by a thread, so that whoever waits for the answer may stop waiting."""

    def __init__(self) -> None:
        self._started = monotonic()
        self._reached = False
        self._replies = 0  # of workers of this shop
        self._taken: set[str] = set()  # queues that they take from
        self.others = (
            0  # workers that are another shop's, of a release that does not tell, or without the plugin
        )
        self._error = ""
        self._told = Event()  # a worker has answered, or there is nothing more to wait for
        self._thread = Thread(target=self._ask, name="fashion-search-ping", daemon=True)
        self._thread.start()

    def count(self) -> int | None:
        """Return how many workers of this shop answer within REPLY_SECONDS of the question; None where the queue does not."""
        self._told.wait(self._left())
        if self._replies:
            sleep(min(OTHERS_SECONDS, self._left()))
        return self._replies if self._reached else None

    @property
    def error(self) -> str:
        """Why the task queue could not be reached."""
        return self._error or f"It did not answer within {REPLY_SECONDS} s."

    def idle_queues(self) -> list[str]:
        """Return the queues that this shop's tasks go to and that no worker which has answered takes from."""
        routes = {current_app.amqp.router.route({}, f"{TASKS}{task}")["queue"].name for task in ROUTED}
        return sorted(routes - self._taken)

    def _ask(self) -> None:
        try:
            with broker_connection(BROKER_SECONDS) as broker:
                broker.default_channel  # noqa: B018 - opens it: a round trip to the broker
                self._reached = True
                # Its own waiting ends later than asked for, by a socket's timeout; so replies are noted as they come.
                current_app.control.broadcast(
                    ASK_WORKER, reply=True, timeout=REPLY_SECONDS, connection=broker, callback=self._note
                )
        except Exception as error:  # noqa: BLE001 - kombu, redis, socket and amqp errors share no base class
            self._error = str(error)
            logger.info("The task queue did not answer: %s", error)
        finally:
            self._told.set()

    def _note(self, reply: Any) -> None:
        for said in reply.values():
            if isinstance(said, dict) and said.get("namespace") == namespace():
                self._taken |= set(said["queues"])
                self._replies += 1
                self._told.set()
            else:
                self.others += 1

    def _left(self) -> float:
        return max(0.0, self._started + REPLY_SECONDS - monotonic())


def count_workers() -> int | None:
    """Return how many workers of this shop answer; None where the task queue cannot be reached."""
    return Ping().count()


# Checks of what search runs on: Postgres, the task queue, the workers.


SLOW_MS = 100.0  # a database that takes longer for nothing at all is overloaded or far away


def check_postgres() -> Check:
    """Ask for the version of pgvector, and how long that takes."""
    start = perf_counter()
    installed = installed_version()
    milliseconds = 1000 * (perf_counter() - start)
    version = ".".join(str(part) for part in installed or ())
    server = connection.pg_version // 10_000  # type: ignore[attr-defined]
    sentence = f"Postgres {server} with pgvector {version} answers in {milliseconds:.0f} ms."
    if installed is None or installed < MINIMUM:
        wanted = ".".join(str(part) for part in MINIMUM)
        return Check(
            "Postgres",
            State.BROKEN,
            f"pgvector is {version or 'not installed'}; releases before {wanted} can corrupt HNSW indexes.",
            f"Install pgvector {wanted} or newer, run ALTER EXTENSION vector UPDATE, then rebuild.",
        )
    if milliseconds > SLOW_MS:
        return Check(
            "Postgres",
            State.ATTENTION,
            sentence,
            "Look at its load and at the network between it and this server.",
        )
    return Check("Postgres", State.OK, sentence)


def check_connections() -> Check:
    """Say what stands between the shop and Postgres that is not safe, or sends reads and writes elsewhere."""
    name = "Connections"
    try:
        broken = [*find_misrouted(), *find_unusable()]
        unsafe = [] if broken else find_unsafe()
    except DatabaseError as error:
        broken, unsafe = [f"They cannot be looked at: {error}"], []
    remedy = "See docs/production.md: behind a pooler, with replicas."
    if broken:
        return Check(name, State.BROKEN, " ".join(broken), remedy)
    if is_read_only():
        return Check(name, State.BROKEN, READ_ONLY, "Promote it, or correct DATABASES['default'].")
    if unsafe:
        return Check(name, State.ATTENTION, " ".join(unsafe), remedy)
    return Check(
        name, State.OK, "Nothing stands between that would give settings to others or lead reads astray."
    )


def check_storage() -> Check:
    """Read a picture that could be read before."""
    try:
        return Check("Pictures", State.OK, storage_answers())
    except StorageAway as error:
        return Check(
            "Pictures",
            State.BROKEN,
            f"The storage of the pictures does not answer: {error}",
            "See that it is there and mounted. Searches go on; products wait for their pictures and none is given up.",
        )


def check_queue(ping: Ping) -> list[Check]:
    """Say whether the task queue and the workers answered a ping."""
    workers = ping.count()
    if workers is None:
        return [
            Check(
                "Task queue",
                State.BROKEN,
                f"The task queue cannot be reached. {ping.error}",
                "Start Redis, or correct the broker's address. Saving products goes on; what they change is indexed"
                " when it is back.",
            ),
            Check("Workers", State.ATTENTION, "Not known while the task queue cannot be reached."),
        ]
    queue = Check("Task queue", State.OK, "The task queue answers.")
    return [queue, _workers(ping, workers)]


def check_neighbours(reached: bool) -> list[Check]:
    """Say whether another shop is taken for this one, and whether this one's processes share what they must.

    Args:
        reached: whether the task queue answers; nobody is waited for twice.
    """
    names = ("Other shops", "Shared cache and keys")
    if not reached:
        return [
            Check(name, State.ATTENTION, "Not known while the task queue cannot be reached.")
            for name in names
        ]
    try:
        seen = neighbours.look()
    except Exception as error:  # noqa: BLE001 - kombu, redis, socket, amqp and database errors share no base class
        return [
            Check(name, State.ATTENTION, f"Not known: {error}", "See that Redis answers.") for name in names
        ]
    others = Check(names[0], State.OK, "No other shop uses this shop's names or queue.")
    for troubles, state in ((seen.sharing, State.ATTENTION), (seen.colliding, State.BROKEN)):
        if troubles:
            others = _told(names[0], state, troubles)
    if seen.apart:
        return [others, _told(names[1], State.ATTENTION, seen.apart)]
    if not seen.known:
        unknown = "Not known: no worker of this shop has told lately what it has."
        return [others, Check(names[1], State.ATTENTION, unknown, "Start a Celery worker and beat.")]
    return [
        others,
        Check(names[1], State.OK, "Workers and this process share cache, SECRET_KEY and NAMESPACE."),
    ]


def _told(name: str, state: State, troubles: Sequence[neighbours.Trouble]) -> Check:
    return Check(
        name, state, " ".join(one.sentence for one in troubles), " ".join(one.remedy for one in troubles)
    )


def _workers(ping: Ping, workers: int) -> Check:
    if not workers:
        belong = "belongs" if ping.others == 1 else "belong"
        others = (
            f" {count(ping.others, 'worker')} answered that {belong} to another shop or to a release before this one."
            if ping.others
            else ""
        )
        return Check(
            "Workers",
            State.BROKEN,
            f"No Celery worker of this shop answered within {REPLY_SECONDS} s, so nothing is indexed.{others}",
            "Start a Celery worker and beat. If one runs, read its log, and see that it has the same FASHION_SEARCH['NAMESPACE'].",
        )
    idle = ping.idle_queues()
    if idle:
        return Check(
            "Workers",
            State.BROKEN,
            f"{count(workers, 'worker')} answered, and none takes from the queue {', '.join(idle)}, where tasks of search go.",
            f"Start a worker with: -Q {','.join(idle)}",
        )
    return Check("Workers", State.OK, f"{count(workers, 'worker')} answered.")


# Checks of what keeps search fresh in the background: the periodic tasks, and the log that one of them
# empties.


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
    """A look at the search log in Redis, begun before its outcome is needed."""

    def __init__(self) -> None:
        self._call = BackgroundCall(lambda: measure_waiting(REPLY_SECONDS), name="log-look")
        if get_settings().insight:
            self._call.start()

    def take(self) -> Waiting:
        """Return what waits in Redis.

        Raises:
            LookupError: its Redis could not be asked within REPLY_SECONDS of the beginning; says why.
        """
        try:
            return self._call.result(REPLY_SECONDS - self._call.age)
        except TooLate:
            raise LookupError(f"no answer within {REPLY_SECONDS} s") from None
        except Exception as error:
            raise LookupError(str(error)) from error


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
