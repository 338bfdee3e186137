import time

import pytest

from search.indexing import marks


@pytest.fixture(autouse=True)
def _closed_breaker():
    marks.breaker.close()
    yield
    marks.breaker.close()


def test_a_refused_broker_is_no_error_and_is_not_asked_again_at_once(broker):
    assert marks.publish("index_stale") is False
    broker.listen()
    broker.setblocking(False)
    assert marks.publish("index_stale") is False
    with pytest.raises(BlockingIOError):
        broker.accept()  # nobody has called


def test_a_frozen_broker_is_given_up_within_two_and_a_half_seconds(broker):
    broker.listen()
    start = time.monotonic()
    assert marks.publish("index_stale") is False
    assert time.monotonic() - start < 2.5
    assert marks.breaker.is_open()
