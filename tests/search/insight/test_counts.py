"""What days count beside searches: adds by query, places, devices; days that were counted before are counted again."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from search.insight.breakdowns import read_devices, read_places, uncounted_until
from search.insight.reports import Period, Queries
from search.insight.rollup import roll_up
from search.models import DeviceDay, PlaceDay, QueryDay, SearchDay, SearchEvent

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = date(2026, 3, 10)
TODAY = Period(DAY, DAY)


def add(search: UUID, sku: str, position: int | None = None) -> None:
    SearchEvent.objects.create(search=search, type="add_to_cart", sku=sku, position=position, at=NOON)


def test_adds_are_counted_by_query_and_by_searches(log):
    first = log("red shirt", clicks={"A": 1, "B": 2})
    add(first.id, "A")
    add(first.id, "B")
    log("red shirt")
    add(log("blue", page=2, before=24, shown=24).id, "C")  # no search of its own, as clicks count
    add(uuid4(), "A")  # of a search that nobody knows
    roll_up(NOON)
    red = QueryDay.objects.get(query="red shirt")
    assert (red.searches, red.carted, red.carts) == (2, 1, 2)
    assert Queries("top", TODAY)[:1][0].add_rate == 0.5
    blue = QueryDay.objects.get(query="blue")
    assert (blue.searches, blue.carted, blue.carts) == (0, 0, 1)


def test_places_are_counted_over_all_pages_and_an_add_has_the_place_of_its_click(log):
    first = log(before=0, shown=3, total=3, clicks={"A": 1, "C": 3})
    add(first.id, "C")  # on the product's own page, where its place is not known
    add(first.id, "B", 2)  # in the list
    add(first.id, "X")  # neither
    log(before=0, shown=2, total=2)
    second = log(page=2, before=12, shown=12, total=40, clicks={"Z": 14, "Y": 90})
    add(second.id, "Y")
    roll_up(NOON)
    places = {row.place: row for row in read_places(TODAY)}
    assert len(places) == 24
    assert [(places[n].shown, places[n].clicked, places[n].carted) for n in (1, 2, 3, 4)] == [
        (2, 1, 0),
        (2, 0, 1),
        (1, 1, 1),
        (0, 0, 0),
    ]
    assert [places[n].shown for n in (12, 13, 24)] == [0, 1, 1]
    assert (places[14].rate, places[1].rate, places[4].rate) == (1.0, 0.5, None)


def test_pages_that_do_not_say_where_they_begin_have_as_many_results_as_the_setting(log, settings):
    settings.FASHION_SEARCH = {"PAGE_SIZE": 10}
    log(total=12)
    log(total=12, page=2)
    log(total=12, page=3)  # beyond the end
    roll_up(NOON)
    assert [row.shown for row in PlaceDay.objects.order_by("place")] == [1] * 12 + [0] * 12


def test_devices_are_counted_by_kind(log):
    log(device="phone", clicks={"A": 1})
    log(device="phone", total=0)
    log(device="phone", page=2)
    add(log(device="app").id, "A")
    log()
    roll_up(NOON)
    found = read_devices(TODAY)
    assert [(one.device.value, one.searches, one.zero, one.clicked, one.carted) for one in found] == [
        ("phone", 2, 1, 1, 0),
        ("app", 1, 0, 0, 1),
        ("", 1, 0, 0, 0),
    ]
    assert (found[0].part, found[0].days) == (0.5, {DAY: 2})


def test_days_of_the_release_before_are_counted_again_while_their_searches_are_there(log):
    add(log("old", at=NOON - timedelta(days=40), clicks={"A": 1}).id, "A")
    add(log("kept", at=NOON - timedelta(days=9), clicks={"A": 1}).id, "A")
    roll_up(NOON)
    # As the release before has left them: settled, without what is new.
    SearchDay.objects.update(edition=0)
    QueryDay.objects.update(carted=0, carts=0)
    PlaceDay.objects.all().delete()
    DeviceDay.objects.all().delete()

    assert roll_up(NOON).counted == [DAY - timedelta(days=9)]
    assert roll_up(NOON).counted == []  # once
    assert {row.query: row.carts for row in QueryDay.objects.all()} == {"old": 0, "kept": 1}
    assert SearchDay.objects.filter(mode="").count() == 2  # what has no searches any more stays as it was
    assert PlaceDay.objects.get(place=1).clicked == 1
    assert uncounted_until(Period(DAY - timedelta(days=60), DAY)) == DAY - timedelta(days=9)
    assert uncounted_until(Period(DAY - timedelta(days=60), DAY - timedelta(days=30))) == DAY - timedelta(29)
    assert uncounted_until(Period(DAY - timedelta(days=9), DAY)) is None


def test_queries_are_sorted_and_read_in_parts(log, monkeypatch):
    for text, clicks in (("b", {"A": 4}), ("a", {"A": 1, "B": 3}), ("c", {})):
        log(text, clicks=clicks)
    log("c")
    roll_up(NOON)

    def sorted_by(sort: str) -> list[str]:
        return [row.text for row in Queries("top", TODAY, sort=sort)[:9]]

    assert sorted_by("") == ["c", "a", "b"]
    assert sorted_by("query") == ["a", "b", "c"]
    assert sorted_by("-clicks") == ["a", "b", "c"]
    assert sorted_by("rate") == ["c", "a", "b"]
    assert sorted_by("position") == ["a", "b", "c"]  # what has none comes last
    assert sorted_by("-position") == ["b", "a", "c"]
    monkeypatch.setattr("search.insight.reports.CHUNK", 2)
    assert [row.text for row in Queries("top", TODAY)] == ["c", "a", "b"]
