"""Checks of what search runs on: Postgres, the task queue, the workers."""

from collections.abc import Sequence
from time import perf_counter

from django.db import DatabaseError, connection

from .. import neighbours
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
from .checks import Check, State
from .wording import count
from .workers import REPLY_SECONDS, Ping

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
