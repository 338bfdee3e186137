"""Probes of what search runs on: Postgres, the storage of the pictures, the task queue, its workers, and what they do in the background."""

import logging
from collections.abc import Sequence
from threading import Event, Thread
from time import monotonic, perf_counter, sleep
from typing import Any

from celery import current_app
from django.db import DatabaseError, connection
from django.utils.translation import ngettext_lazy

from ..conf import get_settings, namespace
from ..exceptions import StorageAway
from ..indexing.databases import (
    MINIMUM,
    READ_ONLY,
    find_misrouted,
    find_missing_replicas,
    find_pointless_replicas,
    find_unsafe,
    find_unusable,
    installed_version,
    is_read_only,
)
from ..indexing.storage_probe import storage_answers
from ..indexing.task_runs import task_states
from ..insight.log_store import LONGEST, Waiting, measure_waiting
from ..prometheus import RECENT_SECONDS, recently
from ..replicas import ReplicaState, Use
from ..resilience import BackgroundCall, TooLate, broker_connection
from ..sentences import figure, joined, said
from ..sentences import lazily as _
from ..task_messages import ASK_WORKER, TASKS
from .probes import Finding, State, combine, count, span

logger = logging.getLogger(__name__)

SLOW_MS = 100.0  # a database that takes longer for nothing at all is overloaded or far away
REPLY_SECONDS = (
    0.4  # workers that reply later than this count as away; a live one replies in some milliseconds
)
OTHERS_SECONDS = 0.1  # what the others get after the first one
# Tasks without which nothing gets into the index, wherever a host routes them.
ROUTED = ("index_stale", "sweep", "advance_builds", "begin_build", "reconcile", "reconcile_further")
LOG_SECONDS = 600.0  # after which a record that waits for a worker is an old one
LOG_SHARE = 0.5  # of the longest list
MOST_DEGRADED, FEW_DEGRADED = 0.05, 3  # share of the latest answers, and number of them
POOLER_REMEDY = _("See docs/production.md: behind a pooler, with replicas.")
BROKER_SECONDS = 0.5  # a page waits for it, so it is given less time than a message


def probe_database() -> Finding:
    """Ask Postgres for anything at all.

    Raises:
        DatabaseError: it did not answer.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Finding(_("Postgres"), State.OK, _("Postgres answers."))


def probe_postgres() -> Finding:
    """E001, E002: pgvector is installed, is no release that corrupts HNSW indexes, and Postgres does not take long to say so.

    Raises:
        DatabaseError: it did not answer.
    """
    start = perf_counter()
    installed = installed_version()
    milliseconds = 1000 * (perf_counter() - start)
    version, wanted = (".".join(map(str, numbers)) for numbers in (installed or (), MINIMUM))
    if installed is None:
        return Finding(
            _("Postgres"),
            State.BROKEN,
            said(
                _("pgvector is not installed; releases before %(wanted)s can corrupt HNSW indexes."),
                wanted=wanted,
            ),
            said(_("Install pgvector %(wanted)s or newer and run: CREATE EXTENSION vector"), wanted=wanted),
            check_id="fashion_search.E001",
        )
    if installed < MINIMUM:
        return Finding(
            _("Postgres"),
            State.BROKEN,
            said(
                _("pgvector is %(version)s; releases before %(wanted)s can corrupt HNSW indexes."),
                version=version,
                wanted=wanted,
            ),
            _("Upgrade it, run: ALTER EXTENSION vector UPDATE, then: manage.py search_index rebuild --force"),
            check_id="fashion_search.E002",
        )
    server = connection.pg_version // 10_000  # type: ignore[attr-defined]
    sentence = said(
        _("Postgres %(server)s with pgvector %(version)s answers in %(milliseconds)s ms."),
        server=server,
        version=version,
        milliseconds=figure(milliseconds),
    )
    if milliseconds > SLOW_MS:
        remedy = _("Look at its load and at the network between it and this server.")
        return Finding(_("Postgres"), State.ATTENTION, sentence, remedy, tolerated=True)
    return Finding(_("Postgres"), State.OK, sentence)


def probe_connections() -> Finding:
    """E015 and those of `probe_poolers`: nothing between the shop and Postgres leads reads and writes elsewhere or gives settings to others."""
    parts = (*probe_routers().parts, *probe_poolers().parts)
    well = _(
        "Nothing between Django and Postgres shares settings with other clients or sends reads elsewhere."
    )
    return combine(_("Connections"), parts, well)


def probe_routers() -> Finding:
    """E015: routers leave the index and the products in one database, where both are written."""
    remedy = _(
        "Let DATABASE_ROUTERS answer None for fashion_search, and write products to the default database."
    )
    parts = [
        Finding(_("Routers"), State.BROKEN, sentence, remedy, check_id="fashion_search.E015")
        for sentence in find_misrouted()
    ]
    return combine(_("Routers"), parts, _("The index and the products are read and written in one database."))


def probe_poolers() -> Finding:
    """E016, W018, W019: what stands between the shop and Postgres keeps transactions, gives nothing to others, takes writes."""
    name, remedy = _("Poolers"), POOLER_REMEDY
    try:
        parts = [
            Finding(name, State.BROKEN, sentence, remedy, check_id="fashion_search.E016")
            for sentence in find_unusable()
        ]
        if not parts:
            parts = [
                Finding(name, State.ATTENTION, sentence, remedy, check_id="fashion_search.W018")
                for sentence in find_unsafe()
            ]
            writable = probe_writable()
            parts += [] if writable.passed else [writable]
    except DatabaseError as error:
        sentence = said(_("It cannot be determined how the database is reached: %(error)s"), error=error)
        parts = [Finding(name, State.BROKEN, sentence, remedy, check_id="fashion_search.E016")]
    return combine(name, parts, _("Transactions are kept, and other clients see no settings of this one."))


def probe_writable() -> Finding:
    """W019: Postgres takes writes.

    Raises:
        DatabaseError: it did not answer.
    """
    if is_read_only():
        remedy = _("Promote it, or correct DATABASES['default'].")
        return Finding(_("Writes"), State.BROKEN, READ_ONLY, remedy, check_id="fashion_search.W019")
    return Finding(_("Writes"), State.OK, _("Products can be saved and indexed."))


def probe_replicas(states: Sequence[ReplicaState]) -> Finding:
    """Say how far each replica that searches are read from is behind, and which are not read from.

    Args:
        states: of READ_REPLICAS.
    """
    name = _("Replicas")
    if not states:
        return Finding(name, State.OK, _("Searches are read from the primary."))
    sentence = joined(state.sentence for state in states)
    if all(state.use is Use.FRESH for state in states):
        return Finding(name, State.OK, sentence)
    return Finding(
        name,
        State.ATTENTION,
        sentence,
        _(
            "The primary answers in their place. See that they run, stream and replay; a long query on one holds the replay up."
        ),
        tolerated=True,
    )


def probe_replica_settings() -> Finding:
    """E030, W031: each of READ_REPLICAS is an alias in DATABASES, and a standby."""
    name, remedy = _("Replicas"), _("Name aliases of standbys in FASHION_SEARCH['READ_REPLICAS'], or none.")
    parts = [
        Finding(name, State.BROKEN, sentence, remedy, check_id="fashion_search.E030")
        for sentence in find_missing_replicas()
    ]
    parts += [
        Finding(name, State.ATTENTION, sentence, remedy, check_id="fashion_search.W031")
        for sentence in find_pointless_replicas()
    ]
    return combine(name, parts, _("Searches are read from standbys, or from the primary alone."))


def probe_storage(*, fresh: bool = False) -> Finding:
    """W022: a picture that was read for the index can still be read.

    Args:
        fresh: do not believe a good answer of a moment ago.
    """
    try:
        return Finding(_("Pictures"), State.OK, storage_answers(fresh=fresh))
    except StorageAway as error:
        return Finding(
            _("Pictures"),
            State.BROKEN,
            said(_("The storage of the pictures does not answer: %(error)s"), error=error),
            _(
                "See that it is mounted or can be reached, and that this host may read it. Searches go on; products wait for their"
                " pictures and none is given up."
            ),
            check_id="fashion_search.W022",
        )


def probe_broker() -> Finding:
    """Open a connection to the broker: one round trip.

    Raises:
        Exception: it did not answer; kombu, redis, socket and amqp errors share no base class.
    """
    with broker_connection() as broker:
        broker.default_channel  # noqa: B018 - opens it
    return Finding(_("Task queue"), State.OK, _("The broker answers."))


class Ping:
    """A question to all workers, asked by a thread, so that a caller may stop waiting for the answer.

    Args:
        seconds: that workers have to reply, REPLY_SECONDS by default; those that reply later count as away.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = REPLY_SECONDS if seconds is None else seconds
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
        """Return how many workers of this shop answer within `seconds` of the question; None where the queue does not."""
        self._told.wait(self._left())
        if self._replies:
            sleep(min(OTHERS_SECONDS, self._left()))
        return self._replies if self._reached else None

    @property
    def error(self) -> str:
        """Why the task queue could not be reached."""
        return self._error or said(_("It did not answer within %(seconds)s s."), seconds=f"{self.seconds:g}")

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
                    ASK_WORKER, reply=True, timeout=self.seconds, connection=broker, callback=self._note
                )
        except Exception as error:  # noqa: BLE001 - kombu, redis, socket and amqp errors share no base class
            self._error = str(error)
            logger.info("The task queue did not answer: %s", error)
        finally:
            self._told.set()

    def _note(self, reply: Any) -> None:
        for told in reply.values():
            if isinstance(told, dict) and told.get("namespace") == namespace():
                self._taken |= set(told["queues"])
                self._replies += 1
                self._told.set()
            else:
                self.others += 1

    def _left(self) -> float:
        return max(0.0, self._started + self.seconds - monotonic())


def count_workers() -> int | None:
    """Return how many workers of this shop answer; None where the task queue cannot be reached."""
    return Ping().count()


def probe_queue(ping: Ping) -> list[Finding]:
    """Say whether the task queue and the workers answered a ping."""
    workers = ping.count()
    if workers is None:
        return [
            Finding(
                _("Task queue"),
                State.BROKEN,
                joined((_("The task queue cannot be reached."), ping.error)),
                _(
                    "Start Redis, or correct the broker's address. Saving products goes on; what they change is indexed"
                    " when it is back."
                ),
            ),
            Finding(_("Workers"), State.ATTENTION, _("Not known while the task queue cannot be reached.")),
        ]
    queue = Finding(_("Task queue"), State.OK, _("The task queue answers."))
    return [queue, _workers(ping, workers)]


def _workers(ping: Ping, workers: int) -> Finding:
    if not workers:
        nobody = said(
            _("No Celery worker of this shop answered within %(seconds)s s, so nothing is indexed."),
            seconds=f"{ping.seconds:g}",
        )
        others = said(
            ngettext_lazy(
                "%(others)s worker answered that belongs to another shop or to a release before this one.",
                "%(others)s workers answered that belong to another shop or to a release before this one.",
                "others",
            ),
            others=ping.others,
        )
        return Finding(
            _("Workers"),
            State.BROKEN,
            joined((nobody, others if ping.others else "")),
            _(
                "Start a Celery worker and beat. If one runs, read its log, and see that it has the same FASHION_SEARCH['NAMESPACE']."
            ),
        )
    idle = ping.idle_queues()
    if idle:
        return Finding(
            _("Workers"),
            State.BROKEN,
            said(
                _("%(worker)s answered, and none takes from the queue %(idle)s, where tasks of search go."),
                worker=count(workers, "worker"),
                idle=", ".join(idle),
            ),
            said(_("Start a worker with: -Q %(idle)s"), idle=",".join(idle)),
        )
    return Finding(_("Workers"), State.OK, said(_("%(worker)s answered."), worker=count(workers, "worker")))


def probe_tasks() -> Finding:
    """Look for periodic tasks that failed at their last run, or have not run for three periods."""
    name = _("Periodic tasks")
    states = task_states()
    wrong = [state for state in states if state.trouble]
    if not wrong:
        latest = min((state.since for state in states if state.since is not None), default=None)
        if latest is None:
            return Finding(
                name, State.OK, _("None has run yet; that is a fault only after three of their periods.")
            )
        long = (
            said(
                _("%(task)s has been at work for %(span)s."),
                task=state.task.name,
                span=span(state.unfinished or 0.0),
            )
            for state in states
            if state.at_work
        )
        in_time = said(_("All run in time, the latest %(span)s ago."), span=span(latest))
        return Finding(name, State.OK, joined((in_time, *long)))
    told = joined(
        joined((state.trouble, said(_("Meanwhile %(loss)s."), loss=state.task.loss))) for state in wrong
    )
    if len(wrong) == len(states) and not any(state.failing for state in wrong):
        return Finding(
            name,
            State.BROKEN,
            joined((_("None runs."), told)),
            _("Start Celery beat, one for the whole shop, and a worker. If both run, read their logs."),
        )
    late = [state.task for state in wrong if not state.failing]
    remedies = []
    if any(state.failing for state in wrong):
        remedies.append(
            _("Correct what the error names; the worker's log has all of it, and the next run tries again.")
        )
    if late:
        missing = ", ".join(task.name for task in late)
        settings = ", ".join(sorted({task.setting for task in late}))
        remedies.append(
            said(
                _(
                    "See that the beat schedule has %(missing)s (manage.py check says whether it does) and that a worker has time for it; if it should run less often, set %(settings)s."
                ),
                missing=missing,
                settings=settings,
            )
        )
    return Finding(name, State.ATTENTION, told, joined(remedies))


def ask_log() -> BackgroundCall[Waiting] | None:
    """Begin to ask the Redis of the search log what waits in it; None where searches are not logged."""
    if not get_settings().insight:
        return None
    call = BackgroundCall(lambda: measure_waiting(REPLY_SECONDS), name="log")
    call.start()
    return call


def probe_log(call: BackgroundCall[Waiting] | None) -> Finding:
    """Say how much of the search log waits in Redis for a worker, and for how long.

    Args:
        call: what `ask_log` returned.
    """
    name = _("Search log")
    if call is None:
        return Finding(name, State.OK, _("Searches are not being logged: the setting INSIGHT is off."))
    try:
        waiting = call.result(REPLY_SECONDS - call.age)
    except Exception as error:  # noqa: BLE001 - of redis or of a socket
        reason = (
            said(_("no answer within %(seconds)s s"), seconds=REPLY_SECONDS)
            if isinstance(error, TooLate)
            else error
        )
        return Finding(
            name,
            State.ATTENTION,
            said(_("Its Redis does not answer: %(reason)s"), reason=reason),
            _(
                "Start it, or correct INSIGHT_REDIS_URL. Searches go on; what web processes note waits in their memory,"
                " as far as that is enough."
            ),
        )
    if not waiting.number:
        return Finding(name, State.OK, _("No record waits in Redis."))
    sentence = said(
        _("%(record)s in Redis, the oldest for %(oldest_seconds)s."),
        record=count(waiting.number, "record"),
        oldest_seconds=span(waiting.oldest_seconds),
    )
    if waiting.oldest_seconds <= LOG_SECONDS and waiting.number <= LOG_SHARE * LONGEST:
        return Finding(name, State.OK, sentence)
    return Finding(
        name,
        State.ATTENTION,
        joined((sentence, said(_("From %(most)s on newer ones are dropped."), most=figure(LONGEST)))),
        _("See that Celery beat asks for drain_log and that a worker has time for it."),
    )


def probe_answers() -> Finding:
    """Look at how many of this process's latest answers were degraded."""
    name, seen = _("Answers"), recently()
    if seen.degraded < FEW_DEGRADED or seen.degraded <= MOST_DEGRADED * seen.answers:
        sentence = said(
            _("%(degraded)s of this process's %(answers)s latest answers were degraded."),
            degraded=seen.degraded,
            answers=seen.answers,
        )
        return Finding(name, State.OK, sentence)
    names = ", ".join(f"{left_out} ({number})" for left_out, number in sorted(seen.left_out.items()))
    return Finding(
        name,
        State.ATTENTION,
        said(
            _(
                "%(degraded)s of this process's %(answers)s answers of the last %(recent_seconds)s s were degraded, and left out: %(names)s."
            ),
            degraded=seen.degraded,
            answers=seen.answers,
            recent_seconds=figure(RECENT_SECONDS),
            names=names,
        ),
        _("The log says why; often Postgres or the encoder has too little time."),
    )
