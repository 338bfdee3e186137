"""A worker goes on taking messages after Redis was away at the moment when a task's end was to be told."""

import os
import signal
import socket

import pytest
from celery import current_app
from kombu.utils.imports import symbol_by_name

from search import tasks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(stoppable_redis):
    """A broker connection without any message."""
    with current_app.connection_for_read() as connection:
        connection.default_channel.client.flushdb()
        yield connection
        connection.default_channel.client.flushdb()


def _take(connection, consumer):
    """Return the request of the next message, as a worker makes it."""
    taken = []
    consumer.callbacks = [lambda body, message: taken.append(message)]
    while not taken:
        connection.drain_events(timeout=5)
    (message,) = taken
    return symbol_by_name(tasks.sweep.Request)(
        message,
        app=current_app,
        task=tasks.sweep,
        on_ack=message.ack_log_error,
        on_reject=message.reject_log_error,
        connection_errors=connection.connection_errors,
    )


@pytest.mark.parametrize("end", ["acknowledge", "reject"])
def test_a_place_is_free_though_the_end_could_not_be_told(connection, stoppable_redis, end, caplog):
    with connection.channel() as channel:
        tasks.sweep.delay()
        tasks.reconcile.delay()
        queue = current_app.amqp.queues.consume_from["shop"]
        with connection.Consumer(queue, channel=channel, prefetch_count=1) as consumer:
            first = _take(connection, consumer)
            with pytest.raises(socket.timeout):
                connection.drain_events(timeout=0.5)  # the only place is taken
            os.kill(stoppable_redis.process.pid, signal.SIGSTOP)
            try:
                getattr(first, end)()
            finally:
                os.kill(stoppable_redis.process.pid, signal.SIGCONT)
            assert f"Couldn't {'ack' if end == 'acknowledge' else 'reject'}" in caplog.text
            second = _take(connection, consumer)
            assert (first.name, second.name) == ("search.tasks.sweep", "search.tasks.reconcile")
            second.acknowledge()
            assert second.message.acknowledged
