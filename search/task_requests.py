"""What a worker does with a message whose end the broker cannot be told."""

import logging

from celery.worker.request import Request
from kombu.transport.virtual.base import QoS

logger = logging.getLogger(__name__)


class ShopRequest(Request):  # type: ignore[misc]  # Celery has no types
    """A message to one of the plugin's tasks, which takes its place among the prefetched ones until it ends, not longer.

    Kombu frees that place after Redis has confirmed the acknowledgement. Where Redis is away at that moment, and back before the
    worker's own connection notices, Celery logs "Couldn't ack" and goes on without the place: a worker of one child has then no place
    left and takes no message until it is started again. Here the place is freed all the same. The message stays in Redis, which
    gives it back after the visibility timeout: the task runs once more, which its law allows.
    """

    def acknowledge(self) -> None:
        """Tell the broker that the task has run."""
        super().acknowledge()
        self._free_place()

    def reject(self, requeue: bool = False) -> None:
        """Tell the broker that the task will not run here."""
        super().reject(requeue=requeue)
        self._free_place()

    def _free_place(self) -> None:
        message = self.message
        places = getattr(message.channel, "qos", None)
        if message.acknowledged or not isinstance(places, QoS):  # AMQP's places are the broker's own
            return
        QoS.ack(places, message.delivery_tag)  # the parent's: only the local account
        logger.warning("%s: its end could not be told; it will run again. The worker goes on.", self.humaninfo())
