import logging

import pytest

from search import resilience
from search.resilience import SparingLogger


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(resilience, "monotonic", lambda: now[0])
    return now


def test_a_hundred_thousand_of_a_kind_are_two_lines(clock, caplog):
    logger = SparingLogger(logging.getLogger("tests.sparing"))
    for number in range(100_000):
        logger.warning("blank", "product %d", number)
    logger.warning("price", "product %d", 7)
    clock[0] += resilience.SECONDS
    logger.warning("blank", "product %d", 100_000)
    assert [record.getMessage() for record in caplog.records] == [
        "product 0",
        "product 7",
        "product 100000 (and 99999 more like it since the last such line)",
    ]


def test_kinds_without_end_take_no_memory_without_end(clock, caplog):
    logger = SparingLogger(logging.getLogger("tests.sparing"))
    for number in range(5 * resilience.KINDS):
        logger.warning(number, "kind %d", number)
    assert len(logger._said) == resilience.KINDS + 1
    assert len(caplog.records) == resilience.KINDS + 1
    logger.forget()
    logger.warning(0, "kind %d", 0)
    assert caplog.records[-1].getMessage() == "kind 0"
