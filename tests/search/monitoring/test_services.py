import socket
import time

import pytest
from celery import current_app

from search.monitoring.services import Ping, count, span


@pytest.fixture
def broker(monkeypatch):
    """A socket in place of Redis: refused until it listens, frozen from then on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        for name in ("broker_write_url", "broker_url"):
            monkeypatch.setattr(current_app.conf, name, f"redis://127.0.0.1:{port}/0")
        yield server


def test_a_refused_broker_is_told_at_once(broker):
    start = time.monotonic()
    ping = Ping()
    assert ping.count() is None
    assert time.monotonic() - start < 0.4
    assert "Connection refused" in ping.error


def test_a_frozen_broker_is_waited_for_no_longer(broker):
    broker.listen()
    start = time.monotonic()
    ping = Ping()
    assert ping.count() is None
    assert 0.3 < time.monotonic() - start < 5
    assert ping.error in (
        "It did not answer within 0.4 s.",
        "Timeout reading from socket",
    )  # who is told first
    ping._thread.join(timeout=5)
    assert not ping._thread.is_alive()


def test_no_worker_answers_although_the_queue_does(shop_processes):
    assert Ping().count() == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (75, "1 min 15 s"), (120, "2 min"), (601, "10 min"),
        (3599, "59 min"), (3600, "1 h"), (7500, "2 h 5 min"), (86_400, "1 day"), (400_000, "4 days"),
    ],
)  # fmt: skip
def test_spans(seconds, words):
    assert span(seconds) == words


def test_counts():
    assert [count(number, "product") for number in (0, 1, 1234)] == [
        "0 products",
        "1 product",
        "1,234 products",
    ]
