"""Merchandising by eye: drafts, publishing, undoing, and two people at once."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from search.engine import find_similar, search
from search.engine.request import Filters
from search.indexing.lexicons import build_lexicon, refresh_word_list
from search.merchandising.snapshots import forget_snapshot
from search.models import Arrangement, IndexEntry, MerchandisingRule
from tests.search.admin.test_merchandising import messages, worker
from tests.search.indexed import add, make_version, unit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]

PAGE = "/admin/fashion_search/arrangement/"


@pytest.fixture
def version(tiny_artifact, index_settings):
    version = make_version(tiny_artifact)
    for number in range(1, 6):
        add(version, f"s{number}", f"Shirt {number}", facets={"category": ["Shirts"], "brand": ["Acme"]})
    add(version, "hat", "Straw hat", facets={"category": ["Hats"], "brand": ["Bolt"]})
    build_lexicon(version)
    return version


@pytest.fixture
def other(db) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("bea", "bea@example.com", "x"))
    return client


def key(sku: str) -> str:
    return IndexEntry.objects.get(sku=sku).product_key


def step(client: Client, do: str, q: str = "shirt", place: str = "query", **more):
    return client.post(PAGE, {"place": place, "q": q, "do": do, **more}, follow=True)


def skus(q: str = "shirt") -> list[str]:
    forget_snapshot()
    return [result.card.sku for result in search(q).results]


def tiles(response) -> list[str]:
    return [tile.card.sku for tile in response.context["board"].tiles]


def test_a_draft_is_seen_by_nobody_until_it_is_published(version, staff):
    before = skus()
    last = before[-1]
    shown = step(staff, f"pin:1:{key(last)}")
    assert tiles(shown) == [last, *before[:-1]]
    assert "1 change in your draft; shoppers do not see it yet." in shown.content.decode()
    assert tiles(staff.get(PAGE, {"q": "shirt"})) == [last, *before[:-1]]
    assert skus() == before
    published = step(staff, "publish")
    assert messages(published) == ["1 rule published."]
    assert skus() == tiles(published) == [last, *before[:-1]]
    assert [entry.get_change_message() for entry in LogEntry.objects.all()] == ["Published by eye."]


def test_both_are_shown_side_by_side(version, staff):
    before = skus()
    shown = step(staff, f"hide:{key(before[0])}")
    board = shown.context["board"]
    assert [result.card.sku for result in board.before.results] == before
    assert tiles(shown) == before[1:]
    assert [(held.card.sku, held.is_draft) for held in board.held] == [(before[0], True)]
    page = shown.content.decode()
    assert "With your draft" in page
    assert "Without it" in page


def test_boosting_lifts_and_again_more_burying_lowers(version, staff):
    before = skus()
    step(staff, f"bury:{key(before[0])}")
    shown = step(staff, f"boost:{key(before[-1])}")
    assert tiles(shown)[0] == before[-1]
    assert tiles(shown)[-1] == before[0]
    step(staff, f"boost:{key(before[-1])}")
    step(staff, "publish")
    rules = MerchandisingRule.objects.order_by("action").values_list("action", "sku", "strength")
    assert list(rules) == [("boost", before[-1], "strongly"), ("bury", before[0], "clearly")]


def test_pins_make_way_for_each_other(version, staff):
    one, two, three, four, five = skus()
    step(staff, f"pin:1:{key(five)}")
    assert tiles(step(staff, f"pin:1:{key(four)}")) == [four, five, one, two, three]
    assert tiles(step(staff, f"pin:2:{key(four)}")) == [five, four, one, two, three]
    assert tiles(step(staff, f"pin:3:{key(five)}"))[2] == five
    assert tiles(step(staff, f"clear:{key(five)}"))[0] == four


def test_publishing_again_moves_the_rule_instead_of_adding_one(version, staff):
    first = skus()[0]
    step(staff, f"pin:3:{key(first)}")
    step(staff, "publish")
    step(staff, f"pin:2:{key(first)}")
    step(staff, "publish")
    assert list(MerchandisingRule.objects.values_list("sku", "position")) == [(first, 2)]
    step(staff, f"clear:{key(first)}")
    step(staff, "publish")
    assert not MerchandisingRule.objects.filter(enabled=True).exists()


def test_undo_restores_one_publishing_after_the_other(version, staff, other):
    before = skus()
    step(staff, f"pin:1:{key(before[-1])}")
    step(staff, "publish")
    once = skus()
    step(other, f"hide:{key(before[-1])}")
    step(other, "publish")
    assert skus() == before[:-1]
    number = other.get(PAGE, {"q": "shirt"}).context["last"].pk
    assert messages(step(staff, f"undo:{number}")) == ["2 rules are as they were before."]
    assert skus() == once
    assert messages(step(staff, f"undo:{number}")) == [
        "Nothing was undone: something else was published or undone meanwhile."
    ]
    assert skus() == once
    number = staff.get(PAGE, {"q": "shirt"}).context["last"].pk
    step(staff, f"undo:{number}")
    assert skus() == before
    assert staff.get(PAGE, {"q": "shirt"}).context["last"] is None


def test_undo_leaves_alone_what_was_changed_since(version, staff):
    before = skus()
    for sku in before[-2:]:
        step(staff, f"pin:1:{key(sku)}")
    step(staff, "publish")
    changed = MerchandisingRule.objects.get(sku=before[-1])
    changed.position = 4
    changed.save()
    number = staff.get(PAGE, {"q": "shirt"}).context["last"].pk
    assert messages(step(staff, f"undo:{number}")) == [
        "1 rule is as it was before.",
        f"Rule {changed.pk} was changed or deleted since, and stays as it is.",
    ]
    changed.refresh_from_db()
    assert (changed.enabled, changed.position) == (True, 4)


def test_the_later_of_two_is_told_and_may_publish_then(version, staff, other):
    before = skus()
    step(staff, f"pin:1:{key(before[-1])}")
    assert "admin has a draft for this page, too" in other.get(PAGE, {"q": "shirt"}).content.decode()
    step(other, f"hide:{key(before[0])}")
    step(other, "publish")
    assert "have changed since you began" in staff.get(PAGE, {"q": "shirt"}).content.decode()
    [told] = messages(step(staff, "publish"))
    assert told.startswith("Not published yet: bea has changed the rules of this page since you began.")
    assert skus() == before[1:]
    assert messages(step(staff, "publish")) == ["1 rule published."]
    assert skus() == [before[-1], *before[1:-1]]


def test_rules_of_others_stay_and_contradictions_are_said(version, staff):
    before = skus()
    older = MerchandisingRule.objects.create(
        action="pin", place="contains", phrase="shirts", sku=before[1], product_key=key(before[1]), position=1
    )
    shown = step(staff, f"pin:1:{key(before[-1])}")
    assert f"Rules {older.pk} and (draft) pin to place 1" in shown.content.decode()
    assert tiles(shown)[:2] == [before[1], before[-1]]
    step(staff, "publish")
    older.refresh_from_db()
    assert older.enabled


def at(moment) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def test_a_schedule_holds_others_back_for_its_time_only(version, staff):
    before = skus()
    step(staff, f"pin:1:{key(before[-1])}")
    step(staff, "publish")
    now = timezone.now()
    times = {"starts": at(now + timedelta(days=2)), "ends": at(now + timedelta(days=4))}
    shown = step(staff, f"pin:1:{key(before[-2])}", **times)
    assert tiles(shown)[:2] == [before[-2], before[-1]]
    step(staff, "publish", **times)
    assert skus()[0] == before[-1]

    def pinned(days: int) -> list[tuple[str, int]]:
        due = MerchandisingRule.objects.filter(enabled=True).order_by("position")
        moment = now + timedelta(days=days)
        return [
            (rule.sku, rule.position)
            for rule in due
            if (rule.starts is None or rule.starts <= moment) and (rule.ends is None or moment < rule.ends)
        ]

    assert pinned(1) == [(before[-1], 1)]
    assert pinned(3) == [(before[-2], 1), (before[-1], 2)]
    assert pinned(5) == [(before[-1], 1)]
    number = staff.get(PAGE, {"q": "shirt"}).context["last"].pk
    step(staff, f"undo:{number}")
    assert [pinned(days) for days in (1, 3, 5)] == [[(before[-1], 1)]] * 3


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        (
            {"starts": "2090-01-02T00:00", "ends": "2090-01-01T00:00"},
            "It ends before it starts; swap the two.",
        ),
        ({"starts": "", "ends": "2001-01-01T00:00"}, "The end has passed; choose a later one."),
        ({"starts": "soon", "ends": ""}, "“soon” is no date and time."),
        ({"starts": "9999-12-31T23:59", "ends": ""}, "“9999-12-31T23:59” is no date and time."),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(version, staff, times, sentence):
    assert messages(step(staff, f"hide:{key('s1')}", **times)) == [sentence]
    assert not Arrangement.objects.exists()


def test_a_category_is_arranged_too(version, staff):
    step(staff, f"pin:1:{key('s2')}", "shirts", "category")
    step(staff, f"hide:{key('s5')}", "shirts", "category")
    assert messages(step(staff, "publish", "Shirts", "category")) == ["2 rules published."]
    forget_snapshot()
    shown = [result.card.sku for result in search(filters=Filters(facets={"category": ("Shirts",)})).results]
    assert shown[0] == "s2"
    assert "s5" not in shown


def test_items_similar_to_a_product_are_arranged_too(version, staff):
    for number in range(1, 6):
        IndexEntry.objects.filter(sku=f"s{number}").update(text_embedding=unit(1.0, number / 10))
    before = [result.card.sku for result in find_similar(key("s1")).results]
    shown = step(staff, f"pin:1:{key(before[-1])}", "s1", "similar_product")
    assert tiles(shown) == [before[-1], *before[:-1]]
    step(staff, "publish", "s1", "similar_product")
    forget_snapshot()
    assert [result.card.sku for result in find_similar(key("s1")).results] == tiles(shown)


def test_a_product_that_the_query_does_not_find_is_added_by_name(version, staff):
    found = staff.get(PAGE, {"q": "shirt", "find": "straw hat"})
    assert [result.card.sku for result in found.context["found"]][:1] == ["hat"]
    assert tiles(step(staff, f"pin:1:{key('hat')}"))[0] == "hat"


def test_a_slip_is_arranged_as_the_query_that_is_searched(version, staff):
    assert refresh_word_list()
    page = staff.get(PAGE, {"q": "shrit"})
    assert page.context["page"].phrase == "shirt"
    assert "Searches for “shrit” show the results of “shirt”" in page.content.decode()


def test_an_empty_draft_is_no_draft(version, staff):
    step(staff, f"hide:{key('s1')}")
    step(staff, f"clear:{key('s1')}")
    assert not Arrangement.objects.exists()
    assert messages(step(staff, "publish")) == [
        "There is nothing to publish yet: pin, hide, boost or bury a product first."
    ]
    step(staff, f"hide:{key('s1')}")
    step(staff, "discard")
    assert not Arrangement.objects.exists()


@pytest.mark.parametrize(
    "do",
    [
        "",
        "pin",
        "pin:",
        "pin:x:y",
        "pin:1:gone",
        "hide:\x00",
        "clear:gone",
        "undo:9",
        "burn:1",
        "pin:99999999:1",
    ],
)
def test_steps_that_there_are_not_change_nothing(version, staff, do):
    assert step(staff, do).status_code == 200
    assert not MerchandisingRule.objects.exists()


@pytest.mark.parametrize(
    "given",
    [
        {"q": "!!"},
        {"q": "nothing", "place": "category"},
        {"q": "gone", "place": "similar_product"},
        {"q": "shirt", "place": "moon", "more": "x", "find": "??"},
        {"q": "x" * 500},
        {},
        {"place": "category"},
    ],
)
def test_any_address_is_answered(version, staff, given):
    assert staff.get(PAGE, given).status_code == 200
    assert staff.post(PAGE, given, follow=True).status_code == 200


def test_without_an_index_the_page_says_so(index_settings, staff):
    page = unescape(staff.get(PAGE, {"q": "shirt"}).content.decode())
    assert "No results. Add a product above to pin it here." in page


def test_it_asks_for_the_permissions_of_rules(version):
    assert Client().get(PAGE).status_code == 302
    assert worker().get(PAGE).status_code == 403
    reader = worker("view_merchandisingrule")
    assert 'name="do"' not in reader.get(PAGE, {"q": "shirt"}).content.decode()
    assert reader.post(PAGE, {"q": "shirt", "do": f"hide:{key('s1')}"}).status_code == 403
    editor = worker("view_merchandisingrule", "add_merchandisingrule", "change_merchandisingrule")
    assert tiles(step(editor, f"hide:{key('s1')}")) == [sku for sku in skus() if sku != "s1"]
    assert ">Merchandising</a>" in editor.get("/admin/").content.decode()
