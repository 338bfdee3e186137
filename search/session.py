"""The session of a search: the database that it reads, its transaction, the time that it may take and that its stages took.

Searches set Postgres up for their statements, and workers index what they have read: neither may go to another connection
than the one that it is set on, nor to a replica that a host's router chooses, which may lag. So the plugin's own tables are
always read from the database that they are written to, and whatever is read inside `pinned` is, too, the host's models included.

With READ_REPLICAS, what only reads may be led to a replica that is fresh enough, and is then led there as a whole: `reading`.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from math import inf
from time import monotonic, perf_counter
from typing import Any, ParamSpec, TypeVar

from django.core.signals import setting_changed
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import QueryCanceled

from .conf import get_settings
from .prometheus import STAGE_SECONDS

logger = logging.getLogger(__name__)

Part = TypeVar("Part")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_deadline: ContextVar[float | None] = ContextVar("fashion_search_deadline", default=None)
# What is looked up is a bit for each entry, where there is memory; else for each page, all of whose entries are compared then. Postgres's
# default is full at some ten thousand pages, this one at half a million.
BITMAP_MEMORY = "32MB"
_OF_SAVEPOINTS = ("SAVEPOINT ", "ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT ")
_SHRUNK = 0.8  # the limit of a statement is set anew when less than this share of it is left
WRITER = DEFAULT_DB_ALIAS  # where the plugin's tables are, in the transactions that change products
_UID = "fashion_search.routing"
_is_pinned: ContextVar[bool] = ContextVar("fashion_search_pinned", default=False)
# The primary's connection, while the alias leads to a replica.
_set_aside: ContextVar[BaseDatabaseWrapper | None] = ContextVar("fashion_search_primary", default=None)
_lead: list[Callable[[Callable[[], Any]], Any]] = [lambda read: read()]
_stages: ContextVar[dict[str, float] | None] = ContextVar("fashion_search_stages", default=None)


class OutOfTime(OperationalError):  # noqa: N818 - says what is wrong without the suffix
    """The time was up before a statement began."""


@contextmanager
def time_budget(milliseconds: int) -> Iterator[None]:
    """Give all search sessions of the body so much time together; inside another budget, that one's rest at most."""
    outer = _deadline.get()
    own = monotonic() + milliseconds / 1000
    token = _deadline.set(own if outer is None else min(own, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


def left_ms(most: int) -> int:
    """Return the milliseconds that are left, `most` where there is no budget, at least 1."""
    deadline = _deadline.get()
    return most if deadline is None else max(1, min(most, round((deadline - monotonic()) * 1000)))


def is_out_of_time(error: OperationalError) -> bool:
    """Whether a statement ended, or did not begin, because its time was up."""
    return isinstance(error, OutOfTime) or isinstance(error.__cause__, QueryCanceled)


def part_in_time(read: Callable[[], Part], what: str) -> Part | None:
    """Return a part of an answer, or None where the time was up before it was read; what was read before stays good.

    Args:
        read: reads it, inside a search session.
        what: its name, for the log.

    Raises:
        OperationalError: it failed otherwise.
    """
    try:
        with transaction.atomic():
            return read()
    except OperationalError as error:
        if not is_out_of_time(error):
            raise
        logger.warning("The %s of a search were left out, its time was up: %s", what, error)
        return None


class Watch:
    """A wrapper of statements that shortens `statement_timeout` as the time runs out.

    Args:
        limit: milliseconds that the transaction has set for a statement.
    """

    def __init__(self, limit: int) -> None:
        self._limit: float = limit
        self._until = monotonic() + limit / 1000

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run a statement in the time that is left.

        Raises:
            OutOfTime: there is none.
            TransactionManagementError: no transaction is open, and what is set for one would silently be nothing.
        """
        if not connection.in_atomic_block:
            raise transaction.TransactionManagementError(
                "A search's time is kept inside its transaction alone."
            )
        if sql.startswith(_OF_SAVEPOINTS):
            # They take no time, and have to be sent after a statement that was cut off; what was set since is undone.
            self._limit = inf if sql.startswith("ROLLBACK") else self._limit
            return execute(sql, params, many, context)
        left = round((self._until - monotonic()) * 1000)
        if left < 1:
            raise OutOfTime("The time of the search was up before a statement began.")
        if left < self._limit * _SHRUNK:
            self._limit = left
            # Not through Django, whose wrappers would watch this statement, too.
            with connection.wrap_database_errors:
                connection.connection.execute(
                    "SELECT set_config('statement_timeout', %s, true)", [f"{left}ms"]
                )
        return execute(sql, params, many, context)


@contextmanager
def search_session(limit_ms: int | None = None) -> Iterator[None]:
    """Run the body in one transaction with iterative HNSW scans, and end it when its time is up.

    Args:
        limit_ms: its time; SEARCH_TIMEOUT_MS by default. What is left of a budget around it may be less.

    Inside a transaction of the caller the former settings are put back, because SET LOCAL outlives a savepoint.
    """
    settings = get_settings()
    limit = left_ms(settings.search_timeout_ms if limit_ms is None else limit_ms)
    wanted: dict[str, str | None] = {
        "statement_timeout": f"{limit}ms",
        "hnsw.iterative_scan": "relaxed_order",
        "hnsw.ef_search": str(min(settings.ef_search, 1000)),
        "hnsw.max_scan_tuples": str(settings.max_scan_tuples),
        # A statement that ends at a limit looks cheap to read from the table's beginning, and what it looks for is rare.
        "enable_seqscan": "off",
        "random_page_cost": "1.1",  # an index that is searched all day lies in memory; Postgres's default is a turning disk's
        "work_mem": BITMAP_MEMORY,
        "jit": "off",  # compiling takes longer than any of these queries
        "max_parallel_workers_per_gather": "0",  # so does starting workers, and other requests want the cores
    }
    nested = connection.in_atomic_block
    with transaction.atomic():
        before = _current(list(wanted)) if nested else {}
        _set_local(wanted)
        with connection.execute_wrapper(Watch(limit)):
            yield
        if nested:
            _set_local(before)


def _set_local(values: dict[str, str | None]) -> None:
    with connection.cursor() as cursor:
        calls = ", ".join("set_config(%s, %s, true)" for _ in values)
        cursor.execute(f"SELECT {calls}", [part for pair in values.items() for part in pair])


def _current(names: list[str]) -> dict[str, str | None]:
    with connection.cursor() as cursor:
        calls = ", ".join("current_setting(%s, true)" for _ in names)
        cursor.execute(f"SELECT {calls}", names)
        # "" is what a setting of pgvector is until its library is loaded, and what that refuses from then on; NULL resets it.
        return {name: value or None for name, value in zip(names, cursor.fetchone(), strict=True)}


# Stages: how long each part of a search took.


@contextmanager
def measuring() -> Iterator[dict[str, float]]:
    """Collect the stages of the body; yields milliseconds by stage, which fill while it runs."""
    stages: dict[str, float] = {}
    token = _stages.set(stages)
    try:
        yield stages
    finally:
        _stages.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the time of the body to a stage of what is being measured, and to the figures of this process."""
    stages = _stages.get()
    began = perf_counter()
    try:
        yield
    finally:
        took = perf_counter() - began
        STAGE_SECONDS.labels(name).observe(took)
        if stages is not None:
            stages[name] = round(stages.get(name, 0.0) + took * 1000, 2)


# The database that is read, where a host's routers send reads to replicas.


class WriterRouter:
    """The router that stands before the host's own."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Return where a model is written to, if it must be read there, or None for the host's routers to decide."""
        if is_ours(model):
            return WRITER
        return writer_of(model, **hints) if _is_pinned.get() else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Return where the plugin's models are written to; the host's are the host's matter."""
        return WRITER if is_ours(model) else None


@contextmanager
def pinned() -> Iterator[None]:
    """Read each model from the database that it is written to while the body runs; also a decorator, and may be nested.

    What is `reading` inside it reads from the primary, so that a process sees what it has just written.
    """
    install()
    token = _is_pinned.set(True)
    try:
        yield
    finally:
        _is_pinned.reset(token)


def reading(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Have a function that writes nothing read from one of READ_REPLICAS, or from the primary where none is fresh enough.

    All of a call is read from one server. Where a replica fails it, it is made again on the primary. Inside `pinned`, inside a
    transaction, and without READ_REPLICAS it reads from the primary. The function returns what it has read, nothing that reads later.
    """

    @wraps(function)
    def read(*args: Arguments.args, **options: Arguments.kwargs) -> Result:
        if _is_pinned.get() or not get_settings().read_replicas or connection.in_atomic_block:
            with pinned():
                return function(*args, **options)
        answer: Result = _lead[0](pinned()(lambda: function(*args, **options)))
        return answer

    return read


def lead_by(read_somewhere: Callable[[Callable[[], Any]], Any]) -> None:
    """Have `read_somewhere` choose the server for what is `reading`; it is given what reads, and returns what that returns."""
    _lead[:] = [read_somewhere]


@contextmanager
def led_to(alias: str) -> Iterator[None]:
    """Have all that this thread reads from the default database while the body runs read from another one.

    Its connection takes the other's place, so that models, cursors and transactions agree, and products that are read belong to the
    default database as ever, and are saved there.
    """
    primary = connections[WRITER]
    token = _set_aside.set(primary)
    connections[WRITER] = connections[alias]
    try:
        yield
    finally:
        connections[WRITER] = primary
        _set_aside.reset(token)


@contextmanager
def on_primary() -> Iterator[None]:
    """Lead back to the primary while the body runs, for what may write: the host's own code, and its cache; may be nested."""
    primary = _set_aside.get()
    if primary is None:
        yield
        return
    replica = connections[WRITER]
    token = _set_aside.set(None)
    connections[WRITER] = primary
    try:
        yield
    finally:
        connections[WRITER] = replica
        _set_aside.reset(token)


def install() -> None:
    """Put the plugin's router before the host's, unless there is one already."""
    if not any(isinstance(one, WriterRouter) for one in router.routers):
        router.routers.insert(0, WriterRouter())


def connect() -> None:
    """Install the router, and again whenever a test changes the host's."""
    install()
    setting_changed.connect(_reinstall, dispatch_uid=_UID)


def host_routers() -> list[Any]:
    """Return the routers that the host has."""
    return [one for one in router.routers if not isinstance(one, WriterRouter)]


def is_ours(model: Any) -> bool:
    """Return whether a model is the plugin's."""
    return bool(model._meta.app_label == "fashion_search")


def writer_of(model: Any, **hints: Any) -> str | None:
    """Return where the host's routers have a model written to; None where the host has none."""
    host = host_routers()
    if not host:
        return None
    for one in host:
        if hasattr(one, "db_for_write") and (alias := one.db_for_write(model, **hints)):
            return str(alias)
    return DEFAULT_DB_ALIAS


def _reinstall(*, setting: str, **kwargs: Any) -> None:
    # Django's own receiver makes the list anew; it is connected when tests begin, and must come before this one.
    setting_changed.disconnect(dispatch_uid=_UID)
    setting_changed.connect(_reinstall, dispatch_uid=_UID)
    if setting == "DATABASE_ROUTERS":
        install()
