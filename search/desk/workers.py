"""Whether the task queue and its workers answer, asked in a bounded time whatever is frozen."""

import logging
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from celery import current_app

from ..messages import ASK_WORKER, QUICK, TASKS
from ..namespace import namespace

logger = logging.getLogger(__name__)

REPLY_SECONDS = (
    0.4  # workers that reply later than this count as away; a live one replies in some milliseconds
)
# Tasks without which nothing gets into the index, wherever a host routes them.
ROUTED = ("index_stale", "sweep", "advance_builds", "begin_build", "reconcile")
OTHERS_SECONDS = 0.1  # what the others get after the first one
# A page waits for it, so it is given less time than a message.
_QUICK = QUICK | dict.fromkeys(("socket_timeout", "socket_connect_timeout", "connect_retries_timeout"), 0.5)


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
            with current_app.connection_for_write(transport_options=_QUICK, connect_timeout=0.5) as broker:
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
