"""Messages to the workers carry the shop that sent them; a worker refuses those of another shop and gives them back.

A host's queue may be shared, and be it by mistake: Celery's own default is "celery" for everybody. What a message asks for are rows by
their numbers, and another shop has other rows under these. So nothing is done for another shop. The message is put aside in the broker's Redis under its
sender's name, where the sender's next sweep finds it and sends it again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from celery import current_app
from celery.signals import before_task_publish

from .conf import namespace
from .identity import database_identity
from .resilience import broker_connection

if TYPE_CHECKING:
    from redis import Redis

logger = logging.getLogger(__name__)

HEADER = "fashion_search_shop"
SENDERS = (
    "fashion_search:senders"  # hash: namespaces whose messages were refused -> when, by the clock of Redis
)
TASKS = f"{__package__}.tasks."  # wherever the package is installed
ASK_WORKER = "fashion_search_shop"  # the remote control command that asks a worker for its shop
KEPT_SECONDS = 86_400  # that a message waits for its sender
MOST_RETURNED = 1000  # messages that one sweep sends again


def connect() -> None:
    """Have every message to the plugin's tasks carry its shop, whatever process sends it: web, worker, beat or the host's own code."""
    before_task_publish.connect(_mark, dispatch_uid=f"{HEADER}.{_mark.__name__}")


def is_ours(sender: Mapping[str, Any]) -> bool:
    """Return whether a message is this shop's: of the same database, or where it does not say so, of the same namespace."""
    theirs = sender.get("database") or ""
    if theirs and (ours := database_identity()):
        return theirs in (ours, database_identity(afresh=True))
    return bool(sender.get("namespace") == namespace())


def refuse(task: str, args: Any, kwargs: Any, sender: Mapping[str, Any]) -> None:
    """Put another shop's message aside for it, and say so in the log."""
    other = str(sender.get("namespace"))
    kept = False
    try:
        with broker_redis() as (client, prefix):
            if client is not None:
                name = _aside(prefix, other, str(sender.get("database") or ""))
                client.sadd(name, json.dumps([task.removeprefix(TASKS), args, kwargs], default=str))
                client.expire(name, KEPT_SECONDS)
                client.hset(f"{prefix}{SENDERS}", other, int(client.time()[0]))
                client.expire(f"{prefix}{SENDERS}", KEPT_SECONDS)
                kept = True
    except Exception as error:  # noqa: BLE001 - kombu, redis, socket and amqp errors share no base class
        logger.warning("The broker does not keep a message of shop %r: %s", other, error)
    logger.error(
        "Shop %r refuses %s%r, which shop %r has sent: both use the same task queue. %s Give each shop a Redis database or a"
        " global_keyprefix of its own; if both are one shop, set FASHION_SEARCH['NAMESPACE'] alike for all its processes.",
        namespace(),
        task,
        tuple(args),
        other,
        "It is given back." if kept else "It is lost: ask for it again.",
    )


def send_again() -> int:
    """Send what other shops' workers have given back; return how many messages that were.

    Raises:
        Exception: Postgres or the broker did not answer; what is left is sent by the next sweep.
    """
    sent = 0
    with broker_redis() as (client, prefix):
        if client is None:
            return 0
        for name in {_aside(prefix, namespace(), database) for database in ("", database_identity())}:
            for message in client.srandmember(name, MOST_RETURNED) or ():
                task, args, kwargs = json.loads(message)  # type: ignore[arg-type]
                current_app.send_task(f"{TASKS}{task}", args, kwargs, retry=False, ignore_result=True)
                client.srem(name, message)  # afterwards: sent twice is better than lost
                sent += 1
    if sent:
        logger.warning("%d messages that another shop's worker had taken are sent again.", sent)
    return sent


@contextmanager
def broker_redis() -> Iterator[tuple[Redis | None, str]]:
    """Give a client of the broker's Redis and the prefix of its keys; None where the broker is no Redis."""
    from redis import Redis

    with broker_connection() as broker:
        if broker.transport.driver_type != "redis":
            yield None, ""
            return
        channel = broker.default_channel
        # Not Kombu's own client, which puts the prefix before the keys of some commands only.
        yield Redis(connection_pool=channel.pool), channel.global_keyprefix


def _aside(prefix: str, sender: str, database: str) -> str:
    return f"{prefix}fashion_search:{sender}:given_back:{database}"


def _mark(sender: str = "", headers: dict[str, Any] | None = None, body: Any = None, **_others: Any) -> None:
    if headers is None or not str(sender).startswith(TASKS) or headers.get(HEADER):
        return
    # Only numbers of rows can be taken for another database's, and only for these is Postgres asked which one this is.
    has_arguments = any(body[:2]) if isinstance(body, tuple | list) else True
    headers[HEADER] = {
        "namespace": namespace(),
        "database": database_identity() if has_arguments else "",
    }
