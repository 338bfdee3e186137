from datetime import date

import pytest

from search.insight.reports import Period, read_period

TODAY = date(2026, 3, 10)
LAST_30 = Period(date(2026, 2, 9), TODAY)


@pytest.mark.parametrize(
    ("given", "period"),
    [
        ({}, LAST_30),
        ({"days": "7"}, Period(date(2026, 3, 4), TODAY)),
        ({"from": "2026-03-01", "to": "2026-03-02"}, Period(date(2026, 3, 1), date(2026, 3, 2))),
        ({"from": "2026-03-02", "to": "2026-03-01"}, Period(date(2026, 3, 1), date(2026, 3, 2))),
        ({"from": "2026-03-01"}, Period(date(2026, 3, 1), TODAY)),
        ({"to": "2026-01-30"}, Period(date(2026, 1, 1), date(2026, 1, 30))),
    ],
)
def test_a_range_is_read(given, period):
    assert read_period(given, TODAY) == (period, "")


@pytest.mark.parametrize(
    ("given", "period", "sentence"),
    [
        ({"days": "x"}, LAST_30, "That is no range of days, such as 2026-01-31; these are the last 30 days."),
        ({"days": "0"}, LAST_30, "A range has 1 to 400 days; these are the last 30."),
        (
            {"to": "0001-01-02"},
            LAST_30,
            "That is no range of days, such as 2026-01-31; these are the last 30 days.",
        ),
        (
            {"from": "2026-02-30"},
            LAST_30,
            "That is no range of days, such as 2026-01-31; these are the last 30 days.",
        ),
        ({"from": "2020-01-01"}, Period(date(2025, 2, 4), TODAY), "A range has at most 400 days."),
    ],
)
def test_a_range_that_cannot_be_shown_is_told(given, period, sentence):
    assert read_period(given, TODAY) == (period, sentence)


def test_the_days_before_are_as_many():
    assert len(LAST_30) == len(LAST_30.before) == len(LAST_30.days) == 30
    assert LAST_30.before.last == date(2026, 2, 8)
