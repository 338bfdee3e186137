"""Queries that changed by more than chance, and those that did not."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from search.insight.changes import changed_queries, whole_days
from search.insight.reports import Period
from search.models import QueryDay, SearchDay

pytestmark = pytest.mark.django_db

LAST = date(2026, 3, 15)
WEEK = Period(LAST - timedelta(days=6), LAST)


@pytest.fixture
def count():
    """Write the counts of a query in the week and in the one before: searches and searches with a click."""
    begin_log(WEEK.before.first)

    def write(query: str, before: tuple[int, int], now: tuple[int, int]) -> None:
        for day, (searches, clicked) in ((WEEK.before.last, before), (WEEK.last, now)):
            if searches:
                QueryDay.objects.create(
                    day=day, query=query, text=query.title(), searches=searches, visits=0, zero=0, close=0,
                    clicked=clicked, clicks=clicked, placed=0, positions=0, total=1,
                )  # fmt: skip

    return write


def begin_log(day: date) -> None:
    counts = ("searches", "pages", "visits", "zero", "clicked", "clicks", "carts", "degraded")
    times = ("p50_ms", "p95_ms", "p99_ms")
    SearchDay.objects.create(day=day, rolled_at=timezone.now(), **dict.fromkeys((*counts, *times), 1))


def found(kind: str, containing: str = "") -> list[str]:
    return [change.text for change in changed_queries(kind, WEEK, containing)]


def test_fewer_searches(count):
    count("coat", (100, 10), (40, 4))
    count("boots", (500, 50), (300, 30))
    count("gone", (25, 0), (0, 0))
    count("noise", (20, 0), (13, 0))  # a third fewer, as chance may have it
    count("rare", (19, 0), (0, 0))
    count("a bit", (2000, 0), (1700, 0))  # more than chance, but less than the rule asks for
    count("same", (100, 10), (100, 10))
    assert found("searches") == ["Boots", "Coat", "Gone"]  # the greatest loss first
    assert found("searches", "COA") == ["Coat"]
    coat = changed_queries("searches", WEEK, "coat")[0]
    assert (coat.searches_before, coat.searches, coat.change) == (100, 40, -0.6)
    gone = changed_queries("searches", WEEK, "gone")[0]
    assert (gone.rate, gone.points) == (None, None)


def test_fewer_clicks(count):
    count("coat", (100, 60), (100, 20))
    count("boots", (1000, 400), (900, 200))
    count("noise", (20, 8), (20, 5))
    count("few now", (100, 60), (19, 0))
    count("a bit", (5000, 2000), (5000, 1800))  # 4 points
    count("all", (30, 30), (30, 30))
    assert found("clicks") == ["Boots", "Coat"]
    assert changed_queries("clicks", WEEK)[1].points == pytest.approx(-0.4)


def test_more_searches(count):
    count("coat", (40, 4), (100, 10))
    count("new", (0, 0), (30, 3))
    count("noise", (14, 0), (20, 0))
    assert found("rising") == ["Coat", "New"]
    assert changed_queries("rising", WEEK, "new")[0].change is None


def test_the_days_after_the_first_are_nothing_to_compare_with(count):
    count("coat", (100, 10), (40, 4))
    SearchDay.objects.update(day=WEEK.before.first + timedelta(days=1))
    assert found("searches") == []


def test_today_is_left_out_where_there_are_other_days():
    assert whole_days(WEEK, LAST) == Period(WEEK.first, LAST - timedelta(days=1))
    assert whole_days(WEEK, LAST + timedelta(days=1)) == WEEK
    assert whole_days(Period(LAST, LAST), LAST) == Period(LAST, LAST)
