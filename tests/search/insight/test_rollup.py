"""Counting the log by days, over a day boundary, twice, and after single searches are gone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from search.insight import rollup
from search.insight.reports import popular_queries
from search.insight.rollup import roll_up
from search.models import LoggedSearch, PopularQuery, QueryDay, SearchDay, SearchEvent, StageDay

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = date(2026, 3, 10)


def day_row(day: date = DAY, mode: str = "") -> SearchDay:
    return SearchDay.objects.get(day=day, mode=mode)


def test_an_empty_log_has_no_days():
    rolled = roll_up(NOON)
    assert (rolled.counted, rolled.closed) == ([], [])
    assert not SearchDay.objects.exists()


def test_a_search_for_which_nobody_could_look_is_none_that_found_nothing(log):
    log("zzz", total=0)
    log("zzz", total=0, degraded="No encoder.")
    log("zzz", total=0, matching=None, degraded="The search took too long.")
    roll_up(NOON)
    assert (day_row().searches, day_row().zero, day_row().degraded) == (3, 2, 2)


def test_what_a_day_counts(log):
    log("red shirt", visit="a", took_ms=10, clicks={"A": 1, "B": 4}, stages={"encode": 2, "keyword": 4})
    log("Red Shirt", visit="a", took_ms=20, stages={"encode": 4})
    log("Red Shirt", visit="b", took_ms=30, page=2, clicks={"C": 27})
    log("zzz", visit="", took_ms=40, total=0, degraded="No encoder.")
    log("Red Shirt", took_ms=30, page=3, matching=0)  # a later page is no search of its own
    log("zzz", took_ms=50, total=0, filters={"price_max": "1"})  # the filter leaves nothing, not the words
    cart = log("", mode="category", took_ms=60)
    SearchEvent.objects.create(search=cart.id, type="add_to_cart", sku="A", at=NOON)

    assert roll_up(NOON).counted == [DAY]
    row = day_row()
    assert (row.searches, row.pages, row.visits, row.zero) == (5, 7, 2, 1)
    assert (row.clicked, row.clicks, row.carts, row.degraded) == (1, 3, 1, 1)
    assert (row.p50_ms, row.p95_ms, row.p99_ms) == pytest.approx((30, 57, 59.4))
    assert (day_row(mode="text").searches, day_row(mode="category").searches) == (4, 1)
    assert list(StageDay.objects.order_by("stage").values_list("stage", "samples", "p50_ms")) == [
        ("encode", 2, 3.0),
        ("keyword", 1, 4.0),
    ]
    queries = {row.query: row for row in QueryDay.objects.all()}
    assert queries.keys() == {"red shirt", "zzz"}
    red, zzz = queries["red shirt"], queries["zzz"]
    assert (red.text, red.searches, red.clicked, red.clicks) == ("Red Shirt", 2, 1, 3)
    assert (red.placed, red.positions, red.total) == (3, 32, 5)
    assert (zzz.searches, zzz.zero, zzz.clicked, zzz.total) == (2, 1, 0, 0)
    assert (red.close, zzz.close) == (0, 0)


def test_counting_twice_changes_nothing(log):
    log(clicks={"A": 1})
    roll_up(NOON)
    before = list(SearchDay.objects.values_list("day", "mode", "searches", "clicks"))
    roll_up(NOON + timedelta(minutes=5))
    assert list(SearchDay.objects.values_list("day", "mode", "searches", "clicks")) == before
    assert QueryDay.objects.count() == 1


def test_over_midnight_of_the_shops_own_time_zone(log, settings):
    """Midnight in Kolkata is 18:30 UTC; a click after it belongs to the day of its search."""
    settings.TIME_ZONE = "Asia/Kolkata"
    midnight = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
    late = log("late", at=midnight - timedelta(seconds=1))
    log("early", at=midnight)
    SearchEvent.objects.create(
        search=late.id, type="click", sku="A", position=1, at=midnight + timedelta(minutes=1)
    )

    assert roll_up(midnight + timedelta(minutes=2)).counted == [DAY, date(2026, 3, 11)]
    assert (day_row().searches, day_row().clicks) == (1, 1)
    assert (day_row(date(2026, 3, 11)).searches, day_row(date(2026, 3, 11)).clicks) == (1, 0)


def test_a_day_is_counted_until_a_day_after_its_end(log):
    search = log()
    roll_up(NOON)
    SearchEvent.objects.create(search=search.id, type="click", sku="A", at=NOON + timedelta(hours=13))
    assert roll_up(NOON + timedelta(hours=14)).counted == [DAY]
    assert day_row().clicked == 1
    assert roll_up(NOON + timedelta(hours=36)).counted == [DAY]
    assert roll_up(NOON + timedelta(hours=37)).counted == []


def test_single_searches_go_and_their_counts_stay(log, settings):
    settings.FASHION_SEARCH = {"INSIGHT_DAYS": 30}
    log("old", clicks={"A": 1})
    log("new", at=NOON + timedelta(days=1), clicks={"A": 1})
    now = NOON + timedelta(days=31)

    rolled = roll_up(now)
    assert (rolled.closed, rolled.counted) == ([DAY], [date(2026, 3, 11)])
    assert [row.text for row in LoggedSearch.objects.all()] == ["new"]
    assert SearchEvent.objects.count() == 1
    assert (day_row().searches, day_row().clicked, day_row().closed) == (1, 1, True)
    assert QueryDay.objects.filter(query="old").exists()

    log("later than its own day's end")  # a record that waited until its day was closed
    roll_up(now)
    assert day_row().searches == 1
    assert [row.text for row in LoggedSearch.objects.all()] == ["new"]


def test_daily_counts_go_in_their_own_time(log, settings):
    settings.FASHION_SEARCH = {"INSIGHT_DAYS": 1, "INSIGHT_TOTAL_DAYS": 10}
    log()
    roll_up(NOON + timedelta(days=10))
    assert SearchDay.objects.filter(day=DAY).exists()
    roll_up(NOON + timedelta(days=11))
    assert not SearchDay.objects.exists()
    assert not QueryDay.objects.exists()


def test_a_day_whose_count_fails_stays_as_it_was(log, monkeypatch):
    log()
    roll_up(NOON)
    monkeypatch.setattr("search.insight.rollup.QUERY_DAYS", "SELECT 1 / 0")
    with pytest.raises(Exception, match="division by zero"):
        roll_up(NOON)
    assert day_row().searches == 1
    assert QueryDay.objects.count() == 1


def test_a_day_whose_count_fails_stops_no_other(log, monkeypatch):
    log(visit="a")
    log(at=NOON + timedelta(days=1))
    log(at=NOON - timedelta(days=40))  # to be closed
    real, refreshed = rollup._count, []

    def fail(day, now, *, closed):
        if day == DAY:
            raise ValueError("a count out of range")
        real(day, now, closed=closed)

    monkeypatch.setattr(rollup, "_count", fail)
    monkeypatch.setattr(rollup, "_refresh_popular", refreshed.append)
    with pytest.raises(ValueError, match="a count out of range"):
        roll_up(NOON + timedelta(days=1))
    assert list(SearchDay.objects.filter(mode="").order_by("day").values_list("day", "closed")) == [
        (DAY - timedelta(days=40), True),
        (DAY + timedelta(days=1), False),
    ]
    assert refreshed == [DAY + timedelta(days=1)]


class TestPopular:
    def test_what_several_searched_for(self, log):
        for text, times in (("Red shirt", 4), ("red shoes", 3), ("redone", 2), ("blue", 5)):
            for number in range(times):
                log(text, clicks={"A": 1} if number == 0 else {})
        for _ in range(3):
            log("red nothing", total=0)
        roll_up(NOON)

        found = popular_queries("RED", 10)
        assert [(one.text, one.searches, one.clicked) for one in found] == [
            ("Red shirt", 4, 1),
            ("red shoes", 3, 1),
        ]
        assert popular_queries("red s", 1) == found[:1]
        assert popular_queries("red ", 10) == popular_queries("red", 10)
        assert popular_queries("re d", 10) == popular_queries("100%", 10) == []
        assert [row.text for row in popular_queries("", 10)] == ["blue", "Red shirt", "red shoes"]

    def test_what_one_visit_types_again_and_again_is_not_popular(self, log):
        for number in range(9):
            log("my own name", visit="a", filters={"colour": [str(number)]} if number else {})
        for visit in ("a", "b", "c"):
            log("red shirt", visit=visit)
        for number in range(3):
            log("blue shirt", filters={"colour": [str(number)]})  # one search without a cookie, narrowed down
        log("blue shirt")
        roll_up(NOON)
        assert [row.text for row in popular_queries("", 10)] == ["red shirt"]
        visits = {row.query: row.visits for row in QueryDay.objects.all()}
        assert visits == {"my own name": 1, "red shirt": 3, "blue shirt": 1}

    def test_the_last_thirty_days_count(self, log):
        for _ in range(3):
            log("winter coat")
        roll_up(NOON)
        assert [row.text for row in popular_queries("winter", 5)] == ["winter coat"]
        roll_up(NOON + timedelta(days=31))
        assert popular_queries("winter", 5) == []

    def test_a_prefix_is_looked_up_in_an_index(self):
        PopularQuery.objects.bulk_create(
            PopularQuery(query=f"{n:05}", text="", searches=1, clicked=0) for n in range(20_000)
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE fashion_search_popularquery")
        plan = PopularQuery.objects.filter(query__startswith="001").order_by("-searches")[:10].explain()
        assert "Index Scan" in plan
