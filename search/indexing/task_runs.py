"""The runs of periodic tasks: each is noted, and which tasks have failed or no longer run is found from that.

All times are those of Postgres's clock, so that the clocks of machines may differ. A time that lies ahead, because that clock was
set back, counts as now from the next look on: it hides nothing for longer than that. Rows that came with a dump are about another server;
they are recognised by the number of the table that they were written to, and begin anew.
"""

# ruff: noqa: S608 - only names of the plugin's own columns are put into statements

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from celery import current_app
from django.db import Error, InternalError, connection, transaction

from ..prometheus import TASK_RECORD_FAILURES
from ..resilience import reason_of
from ..schedule import BY_NAME, LONGEST_RUN_SECONDS, PERIODIC, PeriodicTask, periods
from ..sentences import lazily as _
from ..sentences import said
from ..text import storable
from .locks import is_held, only_one

logger = logging.getLogger(__name__)

PERIODS = 3  # that may pass without a run that ended well
LEAST_SECONDS = 30.0  # for tasks that run every few seconds: a worker needs some to start
FIRST_SECONDS = (
    120.0  # the same before the first run: an installation starts its processes one after the other
)
LONGEST_ERROR = 500  # characters
PATIENCE = "2s"  # for the lock of a row or the table; then the run goes unrecorded and the task goes on

_STARTED: Final = "started_at = clock_timestamp()"
_SUCCEEDED: Final = "succeeded_at = clock_timestamp(), failures = 0, error = ''"
_TABLE: Final = "'fashion_search_taskrun'::regclass::oid"
_FAILED: Final = "failed_at = clock_timestamp(), failures = {table}.failures + 1, error = EXCLUDED.error"


@dataclass(frozen=True, slots=True)
class TaskState:
    """How one periodic task does."""

    task: PeriodicTask
    period: float  # seconds between two runs
    since: float | None  # seconds since a run ended well; None where none ever has
    waited: float  # the same, or the seconds since its runs are looked for
    failed: float | None  # seconds since a run failed
    failures: int  # in a row
    error: str  # of the last of them
    succeeded_at: float  # seconds since 1970; 0 where no run ever ended well
    unfinished: float | None  # seconds since a run began that has not ended
    at_work: bool  # a run that takes long still is: it holds the task's lock

    @property
    def failing(self) -> bool:
        """Whether the last run failed."""
        return self.failures > 0

    @property
    def late(self) -> bool:
        """Whether no run has ended well for three periods, and none is at work."""
        return not self.at_work and self.waited > _patience(self.period, self.since)

    @property
    def trouble(self) -> str:
        """What is wrong with it, in one sentence; "" where nothing is."""
        name = self.task.name
        if self.failing:
            sentence = (
                _("%(task)s failed %(span)s ago: %(error)s.")
                if self.failures == 1
                else _("%(task)s failed %(times)s times in a row, the last time %(span)s ago: %(error)s.")
            )
            return said(
                sentence,
                task=name,
                times=self.failures,
                span=_span(self.failed or 0.0),
                error=self.error.rstrip("."),
            )
        if not self.late:
            return ""
        if self.unfinished is not None:
            return said(
                _("%(task)s was begun %(span)s ago and came to no end."),
                task=name,
                span=_span(self.unfinished),
            )
        sentence = (
            _("%(task)s has never run since it was looked for, %(span)s; it should every %(period)s.")
            if self.since is None
            else _("%(task)s has not run for %(span)s; it should every %(period)s.")
        )
        return said(sentence, task=name, span=_span(self.waited), period=_span(self.period))


@contextmanager
def recorded_run(name: str) -> Iterator[bool]:
    """Do one run of a periodic task and note how it ended; where it has a lock, only one at a time is at work.

    What cannot be noted is logged and counted, and fails no task.

    Args:
        name: of the task.

    Yields:
        False where another run is at work: then there is nothing to do, and nothing is noted.
    """
    task = BY_NAME[name]
    try:
        if not task.lock:
            _note(name, _STARTED)
            yield True
            _note(name, _SUCCEEDED)
            return
        with only_one(task.lock) as alone:
            if alone:
                _note(name, _STARTED)
            yield alone
            if alone:
                _note(name, _SUCCEEDED)
    except Exception as error:
        _note(name, _FAILED, _sentence(error))
        raise


def task_states() -> list[TaskState]:
    """Return how each periodic task does, read with one query; a task that has no row yet is watched from now on.

    Raises:
        DatabaseError: the table is missing or cannot be read.
    """
    rows = _read()
    ahead = any(seconds is not None and seconds < 0 for row in rows.values() for seconds in row[:4])
    if ahead or len(rows) < len(PERIODIC):
        try:
            with transaction.atomic():
                _watch()
        except (
            InternalError
        ) as error:  # a standby takes no writes, which other probes report; what it has is shown all the same
            logger.warning("No periodic task can be watched anew: %s", error)
        rows = _read()
    seconds = periods(current_app.conf)
    return [_state(task, seconds[task.name], rows[task.name]) for task in PERIODIC if task.name in rows]


def troubles() -> list[TaskState]:
    """Return the periodic tasks that failed at their last run or no longer run."""
    return [state for state in task_states() if state.trouble]


def _state(task: PeriodicTask, period: float, row: tuple[Any, ...]) -> TaskState:
    watched, succeeded, failed, unfinished, failures, error, moment = row
    waited = watched if succeeded is None else succeeded
    return TaskState(
        task=task,
        period=period,
        since=succeeded,
        waited=waited,
        failed=failed,
        failures=failures,
        error=error,
        succeeded_at=moment or 0.0,
        unfinished=unfinished,
        at_work=waited > _patience(period, succeeded)
        and bool(task.lock)
        and (unfinished or 0.0) < LONGEST_RUN_SECONDS
        and is_held(task.lock),
    )


def _patience(period: float, since: float | None) -> float:
    return max(PERIODS * period, FIRST_SECONDS if since is None else LEAST_SECONDS)


def _read() -> dict[str, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT task,
                extract(epoch FROM now - watched_at)::float8,
                extract(epoch FROM now - succeeded_at)::float8,
                extract(epoch FROM now - failed_at)::float8,
                CASE WHEN started_at > coalesce(greatest(succeeded_at, failed_at), '-infinity')
                    THEN extract(epoch FROM now - started_at)::float8 END,
                failures, error, extract(epoch FROM succeeded_at)::float8
            FROM fashion_search_taskrun, clock_timestamp() AS now
            WHERE task = ANY(%s) AND table_oid = {_TABLE}
            """,
            [list(BY_NAME)],
        )
        return {name: values for name, *values in cursor.fetchall()}


def _watch() -> None:
    """Begin to watch tasks that have no row, and let times that lie ahead count as now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO fashion_search_taskrun (task, watched_at, failures, error, table_oid)
            SELECT task, clock_timestamp(), 0, '', {_TABLE} FROM unnest(%s::text[]) AS task ORDER BY task
            ON CONFLICT (task) DO NOTHING
            """,
            [list(BY_NAME)],
        )
        cursor.execute(
            f"""
            UPDATE fashion_search_taskrun SET
                watched_at = CASE WHEN table_oid <> {_TABLE} THEN now ELSE least(watched_at, now) END,
                started_at = CASE WHEN table_oid <> {_TABLE} OR started_at IS NULL THEN NULL ELSE least(started_at, now) END,
                succeeded_at = CASE WHEN table_oid <> {_TABLE} OR succeeded_at IS NULL THEN NULL ELSE least(succeeded_at, now) END,
                failed_at = CASE WHEN table_oid <> {_TABLE} OR failed_at IS NULL THEN NULL ELSE least(failed_at, now) END,
                failures = CASE WHEN table_oid <> {_TABLE} THEN 0 ELSE failures END,
                error = CASE WHEN table_oid <> {_TABLE} THEN '' ELSE error END,
                table_oid = {_TABLE}
            FROM clock_timestamp() AS now
            WHERE table_oid <> {_TABLE} OR greatest(watched_at, started_at, succeeded_at, failed_at) > now
            """
        )


def _note(name: str, change: str, error: str = "") -> None:
    """Write one thing down about a task's run; never raises for what goes wrong in Postgres."""
    statement = f"""
        INSERT INTO fashion_search_taskrun AS run
            (task, watched_at, started_at, succeeded_at, failed_at, failures, error, table_oid)
        VALUES (%(task)s, clock_timestamp(), {_first("started_at", change)}, {_first("succeeded_at", change)},
            {_first("failed_at", change)}, {int("failed_at" in change)}, %(error)s, {_TABLE})
        ON CONFLICT (task) DO UPDATE SET {change.format(table="run")}, table_oid = EXCLUDED.table_oid
    """
    sentence = " ".join(storable(error).split())[:LONGEST_ERROR]
    try:
        # Only after a failure, when no lock of the session is held any more, which would go with the connection.
        if error and not connection.in_atomic_block and not connection.is_usable():
            connection.close()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
            cursor.execute(statement, {"task": name, "error": sentence})
    except Error as failure:
        TASK_RECORD_FAILURES.inc()
        logger.error("A run of the periodic task %s could not be recorded: %s", name, failure)


def _sentence(error: Exception) -> str:
    if isinstance(error, ExceptionGroup):
        return "; ".join(_sentence(one) for one in error.exceptions)
    return ": ".join([*getattr(error, "__notes__", ()), reason_of(error)])


def _first(column: str, change: str) -> str:
    return "clock_timestamp()" if column in change else "NULL"


def _span(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
