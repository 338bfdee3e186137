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
    before = sorted(SearchDay.objects.values_list("day", "mode", "searches", "clicks"))
    roll_up(NOON + timedelta(minutes=5))
    assert sorted(SearchDay.objects.values_list("day", "mode", "searches", "clicks")) == before
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


@pytest.fixture
def ask(log):
    """Log a query of a visit each, clicked, on the last days before NOON; `days` and `visits` are how many."""

    def write(text: str = "red shirt", *, visits: int = 5, days: int = 3, clicks: int = 1, **values):
        for number in range(visits):
            at = NOON - timedelta(days=number % days)
            log(
                text,
                at=at,
                visit=f"{len(text)}-{number}",
                clicks=dict.fromkeys(map(str, range(clicks)), 1),
                **values,
            )

    return write


def popular() -> list[str]:
    return [row.text for row in popular_queries("", 10)]


class TestPopular:
    def test_what_several_found_comes_first_that_most_clicked(self, ask, log):
        ask("red shoes")
        ask("Red shirt", visits=7)
        for _ in range(4):
            log("red shoes", visit="a")  # more often asked, but not clicked
        ask("blue", visits=6)
        ask("redone", visits=4)
        roll_up(NOON)

        found = popular_queries("RED", 10)
        assert [(one.text, one.searches, one.clicked) for one in found] == [
            ("Red shirt", 7, 7),
            ("red shoes", 9, 5),
        ]
        assert popular_queries("red s", 1) == found[:1]
        assert popular_queries("red ", 10) == popular_queries("red", 10)
        assert popular_queries("re d", 10) == popular_queries("100%", 10) == []
        assert popular() == ["Red shirt", "blue", "red shoes"]

    def test_it_takes_visits_days_and_clicks(self, ask):
        ask("enough")
        ask("few visits", visits=4)
        ask("few days", visits=9, days=2)
        ask("no clicks", visits=9, clicks=0)
        ask("nothing there", total=0)
        roll_up(NOON)
        assert popular() == ["enough"]

    def test_how_many_is_a_setting(self, ask, settings):
        ask("two", visits=2, days=1)
        settings.FASHION_SEARCH = {"POPULAR_MINIMUM": 2, "POPULAR_DAYS": 1}
        roll_up(NOON)
        assert popular() == ["two"]
        settings.FASHION_SEARCH = {"POPULAR_MINIMUM": 3, "POPULAR_DAYS": 1}
        roll_up(NOON)
        assert popular() == []

    def test_what_one_visit_types_again_and_again_is_not_popular(self, log, ask):
        for number in range(9):
            at = NOON - timedelta(days=number % 3)
            filters = {"colour": [str(number)]} if number > 2 else {}
            log("my own name", at=at, visit="a", filters=filters, clicks={"A": 1})
            log("blue shirt", at=at, filters=filters, clicks={"A": 1})  # without a cookie, narrowed down
        ask("red shirt")
        roll_up(NOON)
        assert popular() == ["red shirt"]
        clickers = {row.query: row.clickers for row in QueryDay.objects.filter(day=DAY)}
        assert clickers == {"my own name": 1, "red shirt": 2, "blue shirt": 1}

    def test_a_slip_counts_for_what_was_meant_and_is_shown_to_nobody(self, ask, log):
        ask("red shirt", visits=3)
        ask("rad shrit", visits=4, corrected="red shirt")
        roll_up(NOON)
        assert [(row.query, row.text, row.clicked) for row in PopularQuery.objects.all()] == [
            ("red shirt", "red shirt", 7)
        ]

    def test_what_is_blocked_is_never_popular(self, ask, settings, tmp_path):
        for text in ("red shirt", "Fücking shoes", "write to [email]", "see evil.com", "our rival's shoes"):
            ask(text)
        roll_up(NOON)
        assert set(popular()) == {"red shirt", "our rival's shoes"}

        own = tmp_path / "blocked.toml"
        own.write_text('words = ["our rival"]')
        settings.FASHION_SEARCH = {"BLOCKED_QUERIES": str(own)}
        roll_up(NOON)
        assert popular() == ["red shirt"]

    @pytest.mark.parametrize("content", [None, "words = ["])
    def test_while_the_shops_own_list_cannot_be_read_nothing_becomes_popular(
        self, ask, settings, tmp_path, caplog, content
    ):
        ask("red shirt")
        roll_up(NOON)
        own = tmp_path / "blocked.toml"
        if content is not None:
            own.write_text(content)
        settings.FASHION_SEARCH = {"BLOCKED_QUERIES": str(own)}
        ask("red shirt")
        ask("our rival's shoes")

        roll_up(NOON)

        assert popular() == ["red shirt"]
        assert PopularQuery.objects.get().searches > 5  # counted anew
        assert "BLOCKED_QUERIES cannot be read, so no query becomes popular: " in caplog.text
        assert str(own) in caplog.text
        roll_up(NOON + timedelta(days=31))
        assert popular() == []  # what is over is forgotten all the same

    def test_the_last_thirty_days_count(self, ask):
        ask("winter coat")
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
