from datetime import UTC, date, datetime, timedelta

import pytest

from search.insight.reports import (
    ClickedResult,
    ModeFigures,
    Period,
    Queries,
    StageFigures,
    clicked_results,
    is_empty,
    read_figures,
    read_query,
)
from search.insight.rollup import roll_up

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = date(2026, 3, 10)
TWO_DAYS = Period(DAY - timedelta(days=1), DAY)


@pytest.fixture
def two_days(log):
    """Six searches on two days, and one before them."""
    before = NOON - timedelta(days=1)
    log("red shirt", at=NOON - timedelta(days=2), took_ms=10)
    log("long ago", at=NOON - timedelta(days=9))
    log("Red shirt", at=before, took_ms=20, clicks={"A": 1, "B": 3}, stages={"encode": 2})
    log("red shirt", at=before, took_ms=20, clicks={"A": 2})
    log("red shirt", took_ms=40, stages={"encode": 4})
    log("jumper", total=0, took_ms=40, degraded="No encoder.")
    log("jumper", at=NOON + timedelta(minutes=1), total=0, corrected="jumpers", took_ms=40)
    log("", mode="category", took_ms=40)
    roll_up(NOON)


def test_nothing_was_ever_counted():
    assert is_empty()
    figures = read_figures(TWO_DAYS)
    assert (figures.totals.searches, figures.totals.click_through, figures.totals.p95_ms) == (0, None, None)


def test_totals_of_a_period_and_of_the_one_before(two_days):
    figures = read_figures(TWO_DAYS)
    now = figures.totals
    assert (now.searches, now.pages, now.zero, now.clicked, now.clicks, now.degraded) == (6, 6, 2, 2, 3, 1)
    assert (now.click_through, now.zero_share, now.degraded_share) == pytest.approx((2 / 6, 2 / 6, 1 / 6))
    assert now.p95_ms == 30  # the median of 20 and 40
    assert (figures.before.searches, figures.before.p95_ms) == (1, 10)
    assert not is_empty()
    assert figures.modes == [ModeFigures("text", 5, 2 / 5), ModeFigures("category", 1, 0.0)]
    assert figures.stages == [StageFigures("encode", 3.0, 3.0, 3.0)]
    assert sorted(figures.days) == TWO_DAYS.days


def test_queries_of_a_period(two_days):
    top = Queries("top", TWO_DAYS)
    assert [(row.text, row.searches, row.clicked, row.zero) for row in top[:10]] == [
        ("Red shirt", 3, 2, 0),
        ("jumper", 2, 0, 2),
    ]
    red, jumper = top[:10]
    assert (red.click_through, red.position, red.last_day) == (2 / 3, 2.0, DAY)
    assert (jumper.corrected, jumper.zero_share, jumper.position) == ("jumpers", 1.0, None)
    assert [row.query for row in Queries("zero", TWO_DAYS)[:10]] == ["jumper"]
    assert [row.query for row in Queries("top", TWO_DAYS, "RED")[:10]] == ["red shirt"]
    assert Queries("top", TWO_DAYS, "50%").count() == 0


def test_a_low_click_query_was_searched_for_often_and_found_something(log):
    for text, times, clicked, total in (
        ("party wear", 12, 1, 5),
        ("sari", 5, 0, 5),
        ("rare", 4, 0, 5),
        ("liked", 10, 1, 5),
        ("nothing", 9, 0, 0),
    ):
        for number in range(times):
            log(text, total=total, clicks={"A": 1} if number < clicked else {})
    roll_up(NOON)
    assert [row.query for row in Queries("low", TWO_DAYS)[:10]] == ["party wear", "sari"]


def test_queries_that_found_close_matches_only(log):
    for text, total, matching in (
        ("plaid kilt", 9, 0),
        ("plaid kilt", 9, 0),
        ("shirt", 9, 4),
        ("sari", 0, 0),
    ):
        log(text, total=total, matching=matching)
    log("shirt", total=9, matching=0, filters={"price_max": "1"})
    roll_up(NOON)
    (row,) = Queries("close", TWO_DAYS)[:10]
    assert (row.query, row.close, row.close_share, row.zero) == ("plaid kilt", 2, 1.0, 0)


def test_one_query(two_days):
    row = read_query("  RED  Shirt ", TWO_DAYS)
    assert row is not None
    assert (row.searches, row.clicks) == (3, 3)
    assert read_query("never", TWO_DAYS) is None
    assert clicked_results("Red Shirt") == [ClickedResult("A", 2, 1.5), ClickedResult("B", 1, 3.0)]
    assert clicked_results("Red Shirt", limit=1) == [ClickedResult("A", 2, 1.5)]
