"""Steps that may run once at a time in the whole installation, whatever the queue delivers twice.

A lock is a row with a lease, because what a session or an open transaction holds is either given to strangers by a pooler
in transaction mode, or keeps one of the few server connections that it has for hours.
"""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from threading import Event, RLock, Thread
from uuid import UUID, uuid4

from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from ..conf import get_settings
from ..exceptions import LockLost
from .connections import own_connection

logger = logging.getLogger(__name__)

_TAKE = """
INSERT INTO fashion_search_steplock AS held (name, token, holder, taken_at, alive_at)
SELECT %(name)s, %(token)s, %(holder)s, clock_timestamp(), clock_timestamp()
WHERE NOT EXISTS (  -- workers of the release before, which an upgrade may leave beside new ones, hold session locks
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (classid::bigint << 32) | objid::bigint = hashtextextended('fashion_search.' || %(name)s, 0)
)
ON CONFLICT (name) DO UPDATE SET token = EXCLUDED.token, holder = EXCLUDED.holder,
    taken_at = EXCLUDED.taken_at, alive_at = EXCLUDED.alive_at
WHERE held.token = EXCLUDED.token OR held.alive_at NOT BETWEEN clock_timestamp() - make_interval(secs => %(lease)s)
    AND clock_timestamp() + make_interval(secs => %(lease)s)
"""
_RENEW = "UPDATE fashion_search_steplock SET alive_at = clock_timestamp() WHERE name = %(name)s AND token = %(token)s"
_GIVE_BACK = "DELETE FROM fashion_search_steplock WHERE name = %(name)s AND token = %(token)s"
_IS_HELD = """
SELECT EXISTS (
    SELECT FROM fashion_search_steplock WHERE name = %s
        AND alive_at BETWEEN clock_timestamp() - make_interval(secs => %s) AND clock_timestamp() + make_interval(secs => %s)
)
"""


class _Lock:
    """One lock of this process, whose lease a thread renews over a connection of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lease = float(get_settings().claim_lease_seconds)
        self._parameters: dict[str, str | float | UUID] = {
            "name": name,
            "token": uuid4(),
            "holder": f"{socket.gethostname()}:{os.getpid()}",
            "lease": self._lease,
        }
        self._stack = ExitStack()
        self._own: BaseDatabaseWrapper | None = None
        self._alone = RLock()  # the step and the thread that renews share the connection
        self._over = Event()
        self._thread = Thread(target=self._renew_again_and_again, name=f"lock-{name}", daemon=True)

    def take(self) -> bool:
        """Take it and keep it from then on; return False where somebody has it."""
        taken = bool(self._execute(_TAKE))
        if taken:
            self._thread.start()
        else:
            self._stack.close()
        return taken

    def confirm(self) -> None:
        """Give a sign of life now.

        Raises:
            LockLost: too late.
        """
        if not self._execute(_RENEW):
            raise self._lost()

    def give_back(self) -> None:
        """Let others have it.

        Raises:
            LockLost: another process has it already.
        """
        self._over.set()
        self._thread.join()
        try:
            if not self._execute(_GIVE_BACK):
                raise self._lost()
        except Error as error:
            logger.warning(
                "The lock on the step %r ends by itself, in %g s: %s", self.name, self._lease, error
            )
        finally:
            self._stack.close()

    def _lost(self) -> LockLost:
        return LockLost(
            f"The step {self.name!r} gave no sign of life for {self._lease:g} s, and another process has begun it."
        )

    def _execute(self, statement: str) -> int:
        with self._alone:
            if self._own is not None:
                try:
                    return self._run(self._own, statement)
                except (
                    Error
                ):  # the server was restarted, or something between took the connection for a dead one
                    self._own = None
                    self._stack.close()
            self._own = self._stack.enter_context(own_connection())
            self._own.inc_thread_sharing()
            return self._run(self._own, statement)

    def _run(self, own: BaseDatabaseWrapper, statement: str) -> int:
        with own.cursor() as cursor:
            cursor.execute(statement, self._parameters)
            return int(cursor.rowcount)

    def _renew_again_and_again(self) -> None:
        while not self._over.wait(self._lease / 4):
            try:
                if not self._execute(_RENEW):
                    return  # lost: `confirm` says so where the work goes on
            except Error as error:
                logger.warning("The lock on the step %r could not be renewed: %s", self.name, error)


_held: ContextVar[tuple[_Lock, ...]] = ContextVar("fashion_search_locks", default=())


@contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Hold the lock on a step; yields False where another process has it.

    A process that ends without giving it back holds it for CLAIM_LEASE_SECONDS more.

    Raises:
        LockLost: it was lost meanwhile, so that another process may have done the same.
    """
    lock = _Lock(name)
    if not lock.take():
        yield False
        return
    outer = _held.set((*_held.get(), lock))
    try:
        yield True
    except BaseException:
        try:
            lock.give_back()
        except LockLost as lost:
            logger.warning("%s", lost)  # what the step itself says comes first
        raise
    else:
        lock.give_back()
    finally:
        _held.reset(outer)


def confirm_locks() -> None:
    """Go on unless a lock that the caller works under was lost; to be asked between the parts of a long step.

    Raises:
        LockLost: another process has begun the step.
    """
    for lock in _held.get():
        lock.confirm()


def is_held(name: str) -> bool:
    """Return whether some process is inside a step that may run once at a time."""
    lease = get_settings().claim_lease_seconds
    with connection.cursor() as cursor:
        cursor.execute(_IS_HELD, [name, lease, lease])
        return bool(cursor.fetchone()[0])
