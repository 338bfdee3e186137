import logging
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from search import resilience
from search.resilience import Attempts, CircuitBreaker, PolledCache, SharedCall, SparingLogger, TooLate
from tests.processes import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(resilience, "monotonic", lambda: now[0])
    return now


def halves(numbers: list[int], told: list[str] | None = None, made: list[float] | None = None) -> list[float]:
    made = [] if made is None else made
    with Attempts("Halving") as attempts:
        for number in numbers:
            with attempts.at(f"number {number}", (told if told is not None else []).append):
                made.append(2 / number)
    return made


def test_nothing_fails():
    assert halves([1, 2]) == [2, 1]


def test_one_fails_and_the_others_are_done(caplog):
    told, made = [], []
    with pytest.raises(ZeroDivisionError) as caught:
        halves([1, 0, 2], told, made)
    assert made == [2, 1]
    assert told == ["ZeroDivisionError: division by zero"]
    assert caught.value.__notes__ == ["Halving: number 0"]
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "Halving: number 0 failed.")
    ]


def test_several_fail():
    with pytest.raises(ExceptionGroup, match="Halving: 2 things failed") as caught:
        halves([0, 1, 0])
    assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError] * 2


def test_the_end_of_the_time_is_the_end():
    tried = []

    def work() -> None:
        with Attempts("Working") as attempts:
            for number in (1, 2):
                with attempts.at(f"number {number}"):
                    tried.append(number)
                    raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        work()
    assert tried == [1]


def test_a_service_that_failed_is_left_alone_for_a_while(clock):
    breaker = CircuitBreaker(seconds=30)
    assert not breaker.is_open()
    breaker.open()
    clock[0] += 29.9
    assert breaker.is_open()
    clock[0] += 0.1
    assert not breaker.is_open()
    breaker.open()
    breaker.close()
    assert not breaker.is_open()


def test_a_kept_value_is_compared_with_its_source_now_and_then(clock):
    seen: list[str | None] = []

    def refresh(kept: str | None) -> str:
        seen.append(kept)
        return f"value {len(seen)}"

    cache = PolledCache[int, str](5)
    assert [cache.get(1, refresh), cache.get(1, refresh)] == ["value 1", "value 1"]
    clock[0] += 5
    assert cache.get(1, refresh) == "value 2"
    cache.forget()
    assert cache.get(1, refresh) == "value 3"
    assert seen == [None, "value 1", None]


def test_of_many_keys_the_latest_are_kept():
    cache = PolledCache[int, int](5, most=2)
    for key in (1, 2, 3):
        assert cache.get(key, lambda kept, key=key: key) == key
    assert [cache.get(key, lambda kept: -1) for key in (2, 3, 1)] == [2, 3, -1]


def test_a_comparison_that_fails_is_made_again_by_the_next_one(clock):
    cache = PolledCache[int, int](5)
    assert cache.get(1, lambda kept: 7) == 7
    clock[0] += 5
    with pytest.raises(ZeroDivisionError):
        cache.get(1, lambda kept: kept // 0)
    assert cache.get(1, lambda kept: kept + 1) == 8


def test_while_one_thread_compares_others_take_the_older_value(clock):
    begun, go_on = Event(), Event()

    def refresh(kept: int | None) -> int:
        begun.set()
        assert go_on.wait(10)
        return 2

    cache = PolledCache[int, int](5)
    assert cache.get(1, lambda kept: 1) == 1
    clock[0] += 5
    with ThreadPoolExecutor(1) as pool:
        newer = pool.submit(cache.get, 1, refresh)
        assert begun.wait(10)
        assert cache.get(1, refresh) == 1
        go_on.set()
        assert newer.result() == 2
    assert cache.get(1, refresh) == 2


def test_a_call_that_hangs_is_left_after_its_time_and_not_made_twice():
    def hang():
        time.sleep(1.0)
        return "late"

    call = SharedCall(hang, seconds=0.1)
    with pytest.raises(TooLate, match="No answer within"):
        call.result()
    with pytest.raises(TooLate, match="has not come back"):
        call.result()
    time.sleep(1.2)
    assert SharedCall(lambda: "made", seconds=1).result() == "made"


def test_those_who_ask_during_a_call_get_its_outcome():
    begun, go_on, calls = Event(), Event(), []

    def call_slowly():
        calls.append(1)
        begun.set()
        assert go_on.wait(10)
        return len(calls)

    call = SharedCall(call_slowly, seconds=10)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(call.result)
        assert begun.wait(10)
        others = [pool.submit(call.result) for _ in range(2)]
        time.sleep(0.1)  # for them to join
        go_on.set()
        assert [first.result(), *(other.result() for other in others)] == [1, 1, 1]
    wait_until(lambda: not call._running.is_alive(), seconds=180)
    assert call.result() == 2


def test_one_who_joins_waits_no_longer_than_others():
    call = SharedCall(lambda: time.sleep(3), seconds=0.3)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(call.result)
        time.sleep(0.15)
        began = time.perf_counter()
        with pytest.raises(TooLate, match="No answer within"):
            call.result()
        assert 0.25 < time.perf_counter() - began < 2
        with pytest.raises(TooLate):
            first.result()


def test_what_a_call_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        SharedCall(lambda: 1 // 0, seconds=1).result()


def test_a_hundred_thousand_of_a_kind_are_two_lines(clock, caplog):
    logger = SparingLogger(logging.getLogger("tests.sparing"))
    for number in range(100_000):
        logger.warning("blank", "product %d", number)
    logger.warning("price", "product %d", 7)
    clock[0] += resilience.WARNING_SECONDS
    logger.warning("blank", "product %d", 100_000)
    assert [record.getMessage() for record in caplog.records] == [
        "product 0",
        "product 7",
        "product 100000 (and 99999 more like it since the last such line)",
    ]


def test_kinds_without_end_take_no_memory_without_end(clock, caplog):
    logger = SparingLogger(logging.getLogger("tests.sparing"))
    for number in range(5 * resilience.WARNING_KINDS):
        logger.warning(number, "kind %d", number)
    assert len(logger._said) == resilience.WARNING_KINDS + 1
    assert len(caplog.records) == resilience.WARNING_KINDS + 1
    logger.forget()
    logger.warning(0, "kind %d", 0)
    assert caplog.records[-1].getMessage() == "kind 0"
