"""Why results stand where they stand, and why others are none."""

from decimal import Decimal

import pytest

from search.engine import Filters, Trial, search
from search.indexing.lexicons import build_lexicon
from search.merchandising.snapshots import forget_snapshot
from search.models import IndexEntry, MerchandisingRule, StaleProduct
from search.query.lexicon import forget_words
from tests.outbox import empty_outbox, stale_products
from tests.search.indexed import add, unit


@pytest.fixture
def counted(version, shirts):
    IndexEntry.objects.filter(sku="s5").update(in_stock=False)
    build_lexicon(version)
    forget_words()
    return version


def explained(text, **options):
    return {
        item.product_key: item
        for item in search(text, trial=Trial(explain=True), **options).explanation.results
    }


def absence(text, sku, **options):
    return search(text, trial=Trial(missing=sku), **options).absence


def key_of(sku):
    return IndexEntry.objects.get(sku=sku).product_key


def test_a_shoppers_search_explains_nothing(counted):
    answer = search("red shirt")
    assert (answer.explanation, answer.absence) == (None, None)


def test_each_result_tells_what_it_has_and_its_ranks(counted):
    answer = search("red acme", trial=Trial(explain=True))
    results = answer.explanation.results
    assert [item.product_key for item in results] == [str(result.product.pk) for result in answer.results]
    assert [item.position for item in results] == list(range(1, len(results) + 1))
    first, last = results[0], results[-1]
    assert (first.match, first.coverage, first.keyword_rank) == ("full", 1.0, 1)
    assert [(part.text, part.facet, part.lacking) for part in first.parts] == [
        ("red", "colour", False),
        ("acme", "brand", False),
    ]
    assert last.match == "close"
    assert [part.text for part in last.parts if part.lacking] == ["red"]
    assert last.keyword_rank == 3
    assert answer.explanation.version == str(counted)
    assert [unit.text for unit in answer.explanation.units] == ["red", "acme"]
    assert answer.stages["explain"] > 0
    assert search("red shirt", trial=Trial(explain=True)).explanation.results[0].match == "named"


def test_ranks_of_similarities_are_over_all_results(version):
    add(version, "far", "Red shirt", pictures=[unit(0, 1)], text=unit(0, 1))
    add(version, "near", "Red shirt too", pictures=[unit(1)], text=unit(1))
    found = explained("red shirt", page_size=1)
    (only,) = found.values()
    assert only.image_rank in (1, 2)
    assert (only.image is None, only.text is None) == (False, False)


def test_rules_that_fired_are_named(counted):
    MerchandisingRule.objects.create(
        action="pin", sku="s5", product_key=key_of("s5"), phrase="crimson", place="query", position=1
    )
    forget_snapshot()
    answer = search("crimson", trial=Trial(explain=True))
    pinned = answer.explanation.results[0]
    assert (pinned.product_key, pinned.match) == (key_of("s5"), "pinned")
    assert pinned.rules == ("Pins s5 first for 'crimson'",)
    assert answer.explanation.rules == pinned.rules


def test_a_result_has_a_position_and_nothing_that_stops_it(counted):
    found = absence("red shirt", "S1")
    assert (found.position, found.reasons) == (1, ())
    assert [part.fit for part in found.parts] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("text", "sku", "filters", "reason"),
    [
        ("shirt", "nope", {}, "Neither the index nor a product that waits for it has the SKU 'nope'"),
        ("shirt", "s1", {"facets": {"colour": ("Blue",)}}, "The filter colour is Blue; it has Red."),
        ("shirt", "s5", {"facets": {"colour": ("Blue",)}}, "The filter colour is Blue; it has none."),
        ("shirt", "s5", {"in_stock": True}, "Only products in stock are asked for; it is sold out."),
        ("shirt", "s1", {"price_max": Decimal(150)}, "Its price is 300.0000, outside the filter."),
        ("shirt under 150", "s1", {}, "Its price is 300.0000, outside “under 150” of the query."),
        ("shirt -crimson", "s2", {}, "The query excludes “crimson”, which its texts hold."),
    ],
)
def test_conditions_that_it_does_not_meet(counted, text, sku, filters, reason):
    found = absence(text, sku, filters=Filters(**filters))
    assert found.position is None
    assert found.reasons[0].startswith(reason)
    assert len(found.reasons) == 1


def test_a_rule_that_hides_it(counted):
    rule = MerchandisingRule.objects.create(
        action="hide", facet="colour", value="Red", phrase="shirt", place="query"
    )
    forget_snapshot()
    assert absence("shirt", "s1").reasons == (f"Rule {rule.pk} hides colour Red.",)


def test_what_it_lacks(counted, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"ENOUGH": 1}
    found = absence("blue shirt", "s1")
    assert found.reasons == (
        "It lacks “blue”.",
        "2 products have all that is asked for; the closest are added only below 1 (ENOUGH).",
    )


def test_too_little_of_it(counted):
    add(counted, "hat", "Straw hat")
    build_lexicon(counted)
    forget_words()
    found = absence("blue shirt", "hat")
    assert found.reasons[0] == "It lacks “blue”, “shirt”."
    assert found.reasons[1].startswith("It has 0% of what is asked for, less than 50%")


def test_a_product_that_is_not_indexed_says_why(counted):
    key = key_of("s3")
    IndexEntry.objects.filter(sku="s3").delete()
    empty_outbox()
    assert "is found by manage.py search_index reconcile" in absence("shirt", "s3").reasons[0]
    StaleProduct.objects.update_or_create(
        product_key=key, defaults={"marked_at": "2024-01-01T00:00:00Z", "parked": False}
    )
    assert absence("shirt", "s3").reasons == ("It waits to be indexed.",)
    stale_products().filter(product_key=key).update(parked=True, last_error="The picture is broken.")
    assert absence("shirt", "s3").reasons == (
        "It could not be indexed and waits for a change or a retry: The picture is broken.",
    )
