"""Replicas of Postgres that searches are read from: which of them is fresh enough, and what happens where one is not.

How far a standby is behind is measured by where the primary's log was, and when: each process notes that place once a second, while it
searches. A standby that has replayed the log up to a place that was noted a second ago has all that was committed until then. So one
that follows an idle primary is fresh, and one whose connection to the primary is cut is not, though it has replayed all that it got.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import sample
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from django.db import DatabaseError, Error, InterfaceError, OperationalError, connections

from .conf import get_settings
from .prometheus import REPLICA_FALLBACKS, REPLICA_READS
from .resilience import CircuitBreaker, PolledCache, SharedCall, SparingLogger, TooLate
from .sentences import figure, joined, said
from .sentences import lazily as _
from .session import WRITER, is_out_of_time, lead_by, led_to

logger = logging.getLogger(__name__)
sparing = SparingLogger(logger)

Result = TypeVar("Result")

LOOK_SECONDS = 1.0  # between two looks of a process at one server
AWAY_SECONDS = 5.0  # that a server is left alone for after it has failed
PLACES = 1000  # of the primary's log that a process remembers, a second apart

_PRIMARY = (
    "SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_lsn() - '0/0'::pg_lsn END,"
    " system_identifier FROM pg_control_system()"
)
_STANDBY = (
    "SELECT pg_is_in_recovery(), system_identifier, current_database(), pg_last_wal_replay_lsn() - '0/0'::pg_lsn,"
    " coalesce(pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn(), false),"
    " extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 FROM pg_control_system()"
)


class Use(StrEnum):
    """Whether a replica can be read from, and if not, why."""

    FRESH = "fresh"
    BEHIND = "behind"
    AWAY = "away"
    NO_STANDBY = "none"


_USES = {
    Use.FRESH: _("fresh"),
    Use.BEHIND: _("behind"),
    Use.AWAY: _("away"),
    Use.NO_STANDBY: _("no standby"),
}


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """A replica at one moment."""

    alias: str
    use: Use
    lag_seconds: float | None = None  # at most; None where nobody knows
    reason: str = ""  # why it is not read from

    @property
    def sentence(self) -> str:
        """It as one line for people."""
        if self.reason:
            return joined((self.alias, self.reason), ": ")
        if self.lag_seconds is None:
            return said(_("%(replica)s: how far behind is unknown."), replica=self.alias)
        return said(
            _("%(replica)s: %(seconds)s s behind at most."),
            replica=self.alias,
            seconds=figure(self.lag_seconds, 1),
        )

    @property
    def use_name(self) -> str:
        """The use as people read it."""
        return _USES[self.use]


class PrimaryLog:
    """Where the primary's log was, and when, as far as this process has looked."""

    def __init__(self) -> None:
        self._places: deque[tuple[float, int]] = deque(maxlen=PLACES)
        self._identity: int | None = None
        self._breaker = CircuitBreaker(AWAY_SECONDS)
        self._lock = Lock()

    def look(self) -> tuple[int | None, float | None]:
        """Note where the log is now, unless the primary is away.

        Returns:
            The identity of its cluster, as far as it is known, and the moment up to which the places are known; None without one.
        """
        if not self._breaker.is_open():
            moment = monotonic()
            try:
                place, identity = _row(connections[WRITER], _PRIMARY)
            except (OperationalError, InterfaceError) as error:
                self._breaker.open()
                sparing.warning(
                    "primary", "Replicas are measured without the primary, which is away: %s", error
                )
            else:
                with self._lock:
                    if self._identity != identity or (
                        self._places and place is not None and place < self._places[-1][1]
                    ):
                        self._places.clear()  # another server has taken its place
                    self._identity = identity
                    if place is not None:
                        self._places.append((moment, int(place)))
                        return identity, moment
        with self._lock:
            return self._identity, self._places[-1][0] if self._places else None

    def behind(self, place: int, until: float) -> float | None:
        """Return how many seconds before a moment the log was last known to be no further than a place; None where it never was."""
        with self._lock:
            return next((until - moment for moment, known in reversed(self._places) if known <= place), None)

    def forget(self) -> None:
        """Forget every place."""
        with self._lock:
            self._places.clear()
            self._identity = None
        self._breaker.close()


class _Known:
    """What this process knows of a replica."""

    def __init__(self, alias: str) -> None:
        self.breaker = CircuitBreaker(AWAY_SECONDS)
        self.suspected = (
            False  # it has failed, and is looked at by a thread, since a frozen server never answers
        )
        self._alias = alias
        self._look: SharedCall[ReplicaState] = SharedCall(lambda: look_at(alias), seconds=LOOK_SECONDS)

    def look(self, former: ReplicaState | None) -> ReplicaState:
        """Return its state as it is now."""
        if not self.suspected:
            return look_at(self._alias)
        try:
            state = self._look.result()
        except TooLate as error:
            return ReplicaState(
                self._alias, Use.AWAY, reason=said(_("it does not answer: %(error)s"), error=error)
            )
        self.suspected = state.use is Use.AWAY
        return state


primary_log = PrimaryLog()
_states: PolledCache[str, ReplicaState] = PolledCache(LOOK_SECONDS, most=100)
_known: dict[str, _Known] = {}


def connect() -> None:
    """Have searches come to this module for the server that they read from."""
    lead_by(read_somewhere)


def read_somewhere(read: Callable[[], Result]) -> Result:
    """Read from a replica that is fresh enough; from the primary where there is none, or where the replica fails.

    Raises:
        Exception: whatever reading raises on the primary, and what has nothing to do with the replica.
    """
    aliases = get_settings().read_replicas
    for alias in sample(aliases, len(aliases)):
        if not _is_ready(alias):
            continue
        failures: list[Exception] = []
        try:
            with led_to(alias), connections[alias].execute_wrapper(_noting(failures)):
                result = read()
        except (OperationalError, InterfaceError) as error:
            if not failures and isinstance(error, OperationalError) and is_out_of_time(error):
                raise
            failures.append(error)
        except Exception:
            if not failures:
                raise
        if not failures:
            REPLICA_READS.labels(alias).inc()
            return result
        _note_failure(alias, failures[0])
        break  # another replica may fail, too, and the time of the shopper is short
    return read()


def look_at(alias: str) -> ReplicaState:
    """Return the state of a replica as it is now."""
    if alias not in connections.databases:
        return ReplicaState(alias, Use.AWAY, reason=_("DATABASES has no such alias."))
    identity, until = primary_log.look()
    try:
        is_standby, its, database, place, has_all, age = _row(connections[alias], _STANDBY)
    except Error as error:
        connections[alias].close()
        return ReplicaState(
            alias,
            Use.AWAY,
            reason=said(_("it does not answer: %(error)s"), error=" ".join(str(error).split())[:200]),
        )
    if not is_standby:
        return ReplicaState(alias, Use.NO_STANDBY, reason=_("it is no standby."))
    named = str(connections[WRITER].settings_dict["NAME"])
    if (identity is not None and its != identity) or database != named:
        return ReplicaState(
            alias, Use.NO_STANDBY, reason=_("it follows another server, or is another database.")
        )
    found = [
        lag
        for lag in (None if until is None else primary_log.behind(int(place), until), age)
        if lag is not None
    ]
    if until is None and has_all:  # the primary was never seen, and nothing newer is known
        found.append(0.0)
    lag, most = (max(0.0, min(found)) if found else None), get_settings().replica_lag_seconds
    if lag is None:
        return ReplicaState(alias, Use.BEHIND, reason=_("nobody knows how far it is behind."))
    if lag > most:
        return ReplicaState(
            alias, Use.BEHIND, lag, f"{lag:.1f} s behind, more than REPLICA_LAG_SECONDS ({most:g})."
        )
    return ReplicaState(alias, Use.FRESH, lag)


def states() -> list[ReplicaState]:
    """Return the state of each of READ_REPLICAS, of a second ago at most."""
    return [state_of(alias) for alias in get_settings().read_replicas]


def state_of(alias: str) -> ReplicaState:
    """Return the state of a replica, of a second ago at most."""
    return _states.get(alias, _knowledge(alias).look)


def forget() -> None:
    """Forget what is known of the servers."""
    _states.forget()
    _known.clear()
    primary_log.forget()


def _knowledge(alias: str) -> _Known:
    return _known.get(alias) or _known.setdefault(alias, _Known(alias))


def _is_ready(alias: str) -> bool:
    known = _knowledge(alias)
    if known.breaker.is_open():
        REPLICA_FALLBACKS.labels(alias, Use.AWAY).inc()
        return False
    state = state_of(alias)
    if state.use is Use.FRESH:
        try:
            connections[alias].ensure_connection()  # this thread's own
        except Error as error:
            state = ReplicaState(
                alias, Use.AWAY, reason=said(_("it does not answer: %(error)s"), error=error)
            )
        else:
            return True
    if state.use is Use.AWAY:
        known.suspected = True
        known.breaker.open()
    REPLICA_FALLBACKS.labels(alias, state.use).inc()
    sparing.warning(
        (alias, state.use), "The primary answers searches instead of the replica %s", state.sentence
    )
    return False


def _note_failure(alias: str, error: Exception) -> None:
    """Leave the replica alone where it is gone; what only this search met, such as a conflict with the replay, is no reason to."""
    connection = connections[alias]
    if not connection.is_usable():
        connection.close()
        known = _knowledge(alias)
        known.suspected = True
        known.breaker.open()
        _states.forget()
    REPLICA_FALLBACKS.labels(alias, "failed").inc()
    sparing.warning(
        (alias, "failed"), "The replica %s failed a search, which the primary answers: %s", alias, error
    )


def _noting(failures: list[Exception]) -> Callable[..., Any]:
    """A wrapper of statements that notes errors which the primary may not have; those that know no better answer without a part."""

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except DatabaseError as error:
            if not (isinstance(error, OperationalError) and is_out_of_time(error)):
                failures.append(error)
            raise
        except InterfaceError as error:
            failures.append(error)
            raise

    return watch


def _row(connection: Any, statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()
