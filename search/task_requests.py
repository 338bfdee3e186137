"""What a worker does with a message whose end the broker cannot be told."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from celery.worker.request import Request
from kombu.message import Message
from kombu.transport.virtual.base import QoS

logger = logging.getLogger(__name__)


class ShopRequest(Request):  # type: ignore[misc]  # Celery has no types
    """A message to one of the plugin's tasks, which takes its place among the prefetched ones until it ends, not longer.

    Kombu frees that place after Redis has confirmed the acknowledgement. Where Redis is away at that moment, and back before the
    worker's own connection notices, Celery logs "Couldn't ack" and goes on without the place: a worker of one child has then no place
    left and takes no message until it is started again. Here the place is freed all the same. The message stays in Redis, which
    gives it back after the visibility timeout: the task runs once more, which its law allows.
    """

    def __init__(self, message: Message, *arguments: Any, **options: Any) -> None:
        super().__init__(message, *arguments, **options)
        # Celery calls these two from its event loop, some time after the request's own methods.
        message.ack = _freeing(message, message.ack)  # type: ignore[method-assign]
        message.reject = _freeing(message, message.reject)  # type: ignore[method-assign]


def _freeing(message: Message, tell: Callable[..., None]) -> Callable[..., None]:
    """Wrap what tells the broker a message's end, so that its place is free whether or not the broker hears it."""

    @wraps(tell)
    def told(*arguments: Any, **options: Any) -> None:
        try:
            tell(*arguments, **options)
        except Exception:
            places = getattr(message.channel, "qos", None)
            if isinstance(places, QoS):  # AMQP's places are the broker's own
                QoS.ack(places, message.delivery_tag)  # type: ignore[no-untyped-call]  # the parent's: only the local account
                logger.warning(
                    "The broker could not be told that task %s has ended and may send it again; the worker goes on.",
                    message.headers.get("id"),
                )
            raise

    return told
