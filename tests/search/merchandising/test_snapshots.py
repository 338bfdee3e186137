from datetime import timedelta

import pytest
from django.utils import timezone

from search.merchandising.snapshots import forget_snapshot, snapshot
from search.models import Banner, MerchandisingRule, Redirect, Synonym

pytestmark = pytest.mark.django_db


def hide(**values) -> MerchandisingRule:
    return MerchandisingRule.objects.create(
        **{"action": "hide", "phrase": "shoes", "sku": "S1", "product_key": "1", **values}
    )


def ids(rules) -> list[int]:
    return [rule.id for rule in rules]


def test_what_is_disabled_or_ended_is_left_out_and_what_is_scheduled_waits():
    now = timezone.now()
    running, later = hide(), hide(starts=now + timedelta(hours=1))
    hide(enabled=False)
    hide(ends=now - timedelta(hours=1))
    found = snapshot()
    assert ids(found.rules_for("shoes")) == [running.pk]
    assert ids(found.rules_for("shoes", now=now + timedelta(hours=2))) == [running.pk, later.pk]
    assert found.rules_for("shirts") == ()


def test_rules_hold_in_their_places_only():
    query = hide()
    contains = hide(place="contains")
    category = hide(place="category", phrase="Shoes")
    product = hide(place="similar_product", phrase="S9", place_key="9")
    similar = hide(place="similar_category", phrase="shoes")
    found = snapshot()
    assert ids(found.rules_for("SHOE")) == [query.pk, contains.pk]
    assert ids(found.rules_for("red shoes", ["Shoes"])) == [contains.pk]
    assert ids(found.rules_for("", ["Apparel", "shoes"])) == [category.pk]
    assert ids(found.rules_for_similar("9", ["Shoes"])) == [product.pk, similar.pk]
    assert ids(found.rules_for_similar("8", ["Bags"])) == []


def test_a_snapshot_costs_nothing_for_seconds_and_four_queries_afterwards(
    monkeypatch, django_assert_num_queries
):
    hide()
    first = snapshot()
    with django_assert_num_queries(0):
        assert snapshot() is first
    monkeypatch.setattr("search.merchandising.snapshots._kept.seconds", 0)
    with django_assert_num_queries(4):
        assert snapshot() is first


@pytest.mark.parametrize(
    "change",
    [
        lambda rule: hide(),
        lambda rule: rule.delete(),
        lambda rule: rule.save(),
        lambda rule: Synonym.objects.create(phrase="kicks", means=["shoes"]),
    ],
)
def test_every_change_is_seen(monkeypatch, change):
    monkeypatch.setattr("search.merchandising.snapshots._kept.seconds", 0)
    rule = hide()
    first = snapshot()
    change(rule)
    assert snapshot() is not first


def test_a_change_that_is_committed_after_a_later_one_is_seen(monkeypatch):
    monkeypatch.setattr("search.merchandising.snapshots._kept.seconds", 0)
    early, late = hide(), hide()
    first = snapshot()
    MerchandisingRule.objects.filter(pk=early.pk).update(
        action="boost", updated_at=late.updated_at - timedelta(milliseconds=1)
    )
    assert snapshot() is not first


def test_redirects_and_banners():
    Redirect.objects.create(phrase="gift card", url="/gifts/", place="contains")
    Redirect.objects.create(phrase="gift card", url="/other/")
    Banner.objects.create(phrase="shoes", text="All shoes")
    Banner.objects.create(phrase="Shoes", place="category", text="New shoes", link="/new/")
    found = snapshot()
    assert found.redirect_for("a gift card").url == "/gifts/"
    assert found.redirect_for("gift cards").url == "/gifts/"
    assert found.redirect_for("gift") is None
    assert [banner.text for banner in found.banners_for("shoe", ["Shoes"])] == ["All shoes"]
    assert [banner.link for banner in found.banners_for("", ["Shoes"])] == ["/new/"]


def test_what_leads_out_of_the_shop_is_not_followed(caplog, settings):
    Redirect.objects.create(phrase="a", url="//evil.example/")
    Redirect.objects.create(phrase="b", url="https://help.example/sizes/")
    Banner.objects.create(phrase="a", text="x", picture="javascript:alert(1)")
    assert (snapshot().redirect_for("a"), snapshot().redirect_for("b")) == (None, None)
    assert snapshot().banners_for("a") == ()
    assert "leads out of the shop and is left out" in caplog.text
    settings.FASHION_SEARCH = {"REDIRECT_HOSTS": "help.example, cdn.example"}
    forget_snapshot()
    assert snapshot().redirect_for("b").url == "https://help.example/sizes/"


def test_synonyms_come_from_the_snapshot():
    Synonym.objects.create(phrase="kicks", means=["sneakers", "colour=Navy Blue"], both_ways=True)
    Synonym.objects.create(phrase="off", means=["on"], enabled=False)
    [entry] = snapshot().synonyms
    assert list(entry.pairs()) == [
        ("kicks", ("sneakers", "colour=Navy Blue")),
        ("sneakers", ("kicks",)),
        ("navy blue", ("kicks",)),
    ]
