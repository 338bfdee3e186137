import socket
import time

import pytest
from celery import current_app

from search.indexing import marks


@pytest.fixture(autouse=True)
def _closed_breaker():
    marks.breaker.close()
    yield
    marks.breaker.close()


@pytest.fixture
def broker(monkeypatch):
    """A port on which somebody listens and nobody answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        # In this order, because the first is read from the second one where it is not set, and put back as it was read.
        for name in ("broker_write_url", "broker_url"):
            monkeypatch.setattr(current_app.conf, name, f"redis://127.0.0.1:{port}/0")
        yield server


def test_a_refused_broker_is_no_error_and_is_not_asked_again_at_once(broker):
    assert marks.publish("index_stale") is False
    start = time.monotonic()
    assert marks.publish("index_stale") is False
    assert time.monotonic() - start < 0.01


def test_a_frozen_broker_is_given_up_within_two_and_a_half_seconds(broker):
    broker.listen()
    start = time.monotonic()
    assert marks.publish("index_stale") is False
    assert time.monotonic() - start < 2.5
    assert marks.breaker.is_open()
