"""Hints to the workers: sent after commit, quick to give up, never an error for whoever saved a product.

A hint only saves the wait for the next sweep, because the outbox in Postgres is the queue of record. So a broker
that is down or frozen costs one short wait per process and half a minute, and nothing else.
"""

import logging
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from celery import current_app
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from ..messages import QUICK, TASKS
from ..prometheus import PUBLISH_FAILURES

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0  # after a failure nothing is published for this long
HINT_EXPIRES_SECONDS = 60.0  # hints that no worker took by then are dropped: a sweep has made newer ones


class _Breaker:
    """Remembers that the broker failed a moment ago, so that one process does not wait for it again and again."""

    def __init__(self) -> None:
        self._open_until = 0.0

    def is_open(self) -> bool:
        return monotonic() < self._open_until

    def open(self) -> None:
        self._open_until = monotonic() + PAUSE_SECONDS

    def close(self) -> None:
        self._open_until = 0.0


breaker = _Breaker()
# Connection -> the list of on_commit hooks that holds this transaction's hint. Django starts a new list with every
# transaction, so the same list means the same transaction.
_hinted: WeakKeyDictionary[Any, list[Any]] = WeakKeyDictionary()


def hint_after_commit() -> None:
    """Have a worker told, once per transaction, that the outbox has something for it."""
    connection = connections[DEFAULT_DB_ALIAS]  # not the proxy: the key of a weak dictionary must be hashable
    hooks = connection.run_on_commit
    if not connection.in_atomic_block:
        publish("index_stale")
    elif _hinted.get(connection) is not hooks:
        _hinted[connection] = hooks
        # A lambda: Django 5.2 fails on a functools.partial here when it is robust and raises.
        transaction.on_commit(lambda: _publish_hint(), robust=True)


def _publish_hint() -> None:
    publish("index_stale")


def publish(task: str, *args: Any, times: int = 1, expires: float | None = HINT_EXPIRES_SECONDS) -> bool:
    """Ask the workers to run one of the plugin's tasks; never raises and waits at most 2.5 s.

    Args:
        task: name of a function in `tasks`.
        args: its arguments.
        times: how many messages, for tasks that share their work.
        expires: seconds after which no worker need begin; None for requests made by a person.

    Returns:
        False where the broker could not be reached; what is in the outbox is then found by the next sweep.
    """
    if breaker.is_open():
        return False
    try:
        with current_app.connection_for_write(transport_options=QUICK, connect_timeout=1) as broker:
            for _ in range(times):
                current_app.send_task(
                    f"{TASKS}{task}",
                    args,
                    connection=broker,
                    retry=False,
                    expires=expires,
                    ignore_result=True,
                )
    except Exception as error:  # noqa: BLE001 - kombu, redis, socket and amqp errors share no base class
        breaker.open()
        PUBLISH_FAILURES.inc()
        logger.warning("The broker did not take a hint, and gets none for %d s: %s", PAUSE_SECONDS, error)
        return False
    breaker.close()
    return True
