import logging

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from search.resilience import Attempts

pytestmark = pytest.mark.django_db


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
