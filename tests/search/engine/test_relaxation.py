"""Where nothing has all that a query asks for: what is dropped, what is shown and what is counted."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from search.engine import Filters, search
from search.indexing.lexicons import build_lexicon
from search.merchandising.snapshots import forget_snapshot
from search.models import MerchandisingRule
from search.query.lexicon import forget_words
from tests.search.indexed import add


def skus(answer):
    return [result.card.sku for result in answer.results]


def dropped(answer):
    return [(part.text, part.facet, part.values) for part in answer.relaxed]


def counts(answer, facet):
    return {count.value: count.count for count in answer.facets[facet]}


def tallies(answer):
    return answer.matching, answer.similar, answer.total


@pytest.fixture
def shop(version):
    """Six sneakers, two velvet bags, dresses and a saree; no velvet sneaker, and none of Bolt."""

    def thing(sku, name, *path, colour="Red", gender="Women", brand="Acme", price=100, **more):
        facets = {"category": path, "colour": [colour], "gender": [gender], "brand": [brand], **more}
        return add(version, sku, name, brand=brand, facets=facets, price=price)

    for number in range(6):
        colour = ("Red", "Blue", "Blue")[number % 3]
        thing(f"s{number}", "Sneakers", "Footwear", "Sneakers", colour=colour, price=1000 + number)
    thing("bag1", "Velvet handbag", "Bags", "Handbags", brand="Bolt")
    thing("bag2", "Velvet clutch", "Bags", "Handbags", colour="Blue")
    for number in range(3):
        thing(f"d{number}", "Long dress", "Apparel", "Dresses", usage=["Casual"])
    thing("party", "Sequin dress", "Apparel", "Dresses", usage=["Ethnic"])
    thing("saree", "Silk saree", "Apparel", "Sarees", usage=["Ethnic"])
    thing("flip", "Flip flops", "Footwear", "Flip Flops", gender="Men")
    build_lexicon(version)
    forget_words()
    return version


SNEAKERS = {f"s{number}" for number in range(6)}


def test_a_quality_that_none_has_is_dropped_and_the_kind_stays(shop):
    answer = search("velvet sneakers")

    assert dropped(answer) == [("velvet", "", ())]
    assert answer.showing == "sneakers"
    assert (answer.matching, answer.fitting) == (0, 6)
    assert set(skus(answer)[:6]) == SNEAKERS
    assert answer.similar == answer.total
    assert counts(answer, "category") == {"Footwear": 6, "Sneakers": 6}
    assert counts(answer, "colour") == {"Blue": 4, "Red": 2}


def test_with_enough_that_have_the_rest_there_is_nothing_else(shop, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"ENOUGH": 6}

    answer = search("velvet sneakers")

    assert (set(skus(answer)), answer.closest_from) == (SNEAKERS, None)
    assert tallies(answer) == (0, 6, 6)


def test_what_has_a_smaller_part_follows_behind_and_is_not_counted(shop, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"WEIGHTS": {"enough_covered": 0.2}}

    answer = search("velvet sneakers")

    assert (set(skus(answer)[:6]), set(skus(answer)[6:])) == (SNEAKERS, {"bag1", "bag2"})
    assert (answer.closest_from, tallies(answer)) == (6, (0, 8, 8))
    assert counts(answer, "category") == {"Footwear": 6, "Sneakers": 6}
    assert skus(search("velvet sneakers", sort="price"))[:6] == sorted(SNEAKERS)


def test_a_word_that_no_product_holds_is_dropped_too(shop):
    answer = search("zzzz sneakers")

    assert dropped(answer) == [("zzzz", "", ())]
    assert (answer.showing, answer.unknown, tallies(answer)) == ("sneakers", ("zzzz",), (0, 6, 6))


def test_beside_an_unknown_word_filters_are_offered_only_where_nothing_has_the_rest(shop):
    blue, green = (Filters(facets={"colour": (colour,)}) for colour in ("Blue", "Green"))

    answer = search("zzzz sneakers", filters=blue)
    assert (answer.fitting, answer.blocked_by) == (4, ())  # without the filter nothing would match either

    answer = search("zzzz sneakers", filters=green)
    (offer,) = answer.blocked_by
    without = search("zzzz sneakers")
    assert (offer.filter, offer.matching, offer.similar) == ("colour", without.matching, without.fitting)


def test_a_brand_without_such_products_is_dropped_before_the_kind(shop):
    answer = search("Bolt sneakers")

    assert dropped(answer) == [("Bolt", "brand", ("Bolt",))]
    assert (answer.showing, answer.fitting) == ("sneakers", 6)


def test_what_contradicts_itself_loses_the_lesser_part(shop):
    answer = search("sneakers for men and women")

    assert dropped(answer) == [("men", "gender", ("Men",))]
    assert (answer.showing, set(skus(answer)[:6])) == ("sneakers women", SNEAKERS)


def test_the_kind_is_dropped_last_even_where_it_weighs_less_than_the_rest(shop):
    # The bag has brand and word, together more than the kind.
    answer = search("velvet Bolt sneakers")

    assert [part.text for part in answer.relaxed] == ["velvet", "Bolt"]
    assert set(skus(answer)[:6]) == SNEAKERS
    assert answer.fitting == 6


def test_the_relaxation_that_loses_least_is_taken(shop):
    answer = search("velvet red sneakers for women")

    assert [part.text for part in answer.relaxed] == ["velvet"]
    assert answer.showing == "red sneakers women"
    assert set(skus(answer)[: answer.fitting]) == {"s0", "s3"}


def test_where_anything_matches_nothing_is_dropped_and_facets_count_the_matches(shop):
    answer = search("red sneakers for women")

    assert (answer.relaxed, answer.showing) == ((), "")
    assert (answer.matching, answer.total) == (2, answer.matching + answer.similar)
    assert answer.similar > 0
    assert counts(answer, "colour") == {"Red": 2}
    assert counts(answer, "category") == {"Footwear": 2, "Sneakers": 2}
    assert answer.in_stock == 2


def test_a_query_of_one_thing_that_nothing_has_says_what_was_dropped(shop):
    answer = search("zzzz")
    assert (dropped(answer), answer.total, answer.showing) == ([("zzzz", "", ())], 0, "")


def test_a_stated_price_is_never_dropped_but_offered(shop):
    answer = search("sneakers under 50")

    assert (answer.total, answer.relaxed) == (0, ())
    (offer,) = answer.blocked_by
    assert (offer.filter, offer.text, offer.without) == ("price", "under 50", "sneakers")
    assert (offer.matching, offer.similar) == (6, 0)


def test_a_filter_that_excludes_all_is_kept_and_offered(shop):
    chosen = Filters(facets={"colour": ("Green",)}, price_max=Decimal(5000))

    answer = search("sneakers", filters=chosen)

    assert (answer.total, answer.relaxed) == (0, ())
    assert [(one.filter, one.values, one.matching) for one in answer.blocked_by] == [
        ("colour", ("Green",), 6)
    ]


def test_under_a_filter_the_rest_of_the_query_is_relaxed(shop, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
        "ENOUGH": 2
    }  # so many match without the filter
    answer = search("velvet handbags", filters=Filters(facets={"gender": ("Women",)}))
    assert (answer.matching, answer.relaxed) == (2, ())

    answer = search("red sneakers", filters=Filters(price_min=Decimal(1001), price_max=Decimal(1002)))

    assert [part.text for part in answer.relaxed] == ["red"]
    assert (set(skus(answer)), tallies(answer)) == ({"s1", "s2"}, (0, 2, 2))
    assert [(one.filter, one.matching) for one in answer.blocked_by] == [("price", 2)]
    assert counts(answer, "colour") == {"Blue": 2}


def test_in_a_list_that_is_filtered_here_the_rest_is_relaxed_too(shop):
    answer = search("red sneakers", filters=Filters(facets={"colour": ("Blue",)}))

    assert [part.text for part in answer.relaxed] == ["red"]
    assert (answer.fitting, set(skus(answer)[:4])) == (4, {"s1", "s2", "s4", "s5"})
    assert counts(answer, "colour")["Red"] == 2  # what matches without that choice
    assert [(one.filter, one.matching) for one in answer.blocked_by] == [("colour", 2)]


@pytest.mark.parametrize("text", ["", "sneakers"])
def test_filters_that_leave_nothing_without_words_are_offered_as_well(shop, text):
    answer = search(text, filters=Filters(facets={"colour": ("Red",), "brand": ("None",)}))

    assert answer.total == 0
    (offer,) = answer.blocked_by
    assert (offer.filter, offer.values) == ("brand", ("None",))
    assert offer.matching == search(text, filters=Filters(facets={"colour": ("Red",)})).matching


def test_a_purpose_is_soft_and_shown_as_what_it_stands_for(shop):
    answer = search("dress for the beach")

    assert (answer.relaxed, answer.matching) == ((), 4)
    part = next(part for part in answer.understood if part.text == "beach")
    assert (part.soft, part.facet, part.values) == (True, "category", ("Flip Flops",))
    assert part.says == "beach: Flip Flops"


def test_an_occasion_is_soft_and_what_serves_it_comes_first(shop):
    answer = search("wedding dress")

    assert (skus(answer)[0], answer.matching, answer.relaxed) == ("party", 4, ())
    part = answer.understood[0]
    assert (part.text, part.soft, part.says) == ("wedding", True, "wedding: Ethnic")
    assert set(skus(answer)[:4]) == {"party", "d0", "d1", "d2"}


def test_a_value_that_is_typed_as_it_is_called_is_not_soft(shop):
    answer = search("ethnic dress")
    assert (answer.matching, answer.understood[0].soft) == (1, False)


def test_an_occasion_alone_is_what_is_asked_for(shop):
    answer = search("wedding")
    assert set(skus(answer)[: answer.matching]) == {"party", "saree"}


def test_pages_and_sorts_of_a_relaxed_list_say_the_same(shop):
    first = search("velvet sneakers", page_size=4)
    assert first.token

    second = search("velvet sneakers", page_size=4, page=2, token=first.token)
    dear = search("velvet sneakers", page_size=4, sort="-price", token=first.token)

    for later in (second, dear):
        assert (tallies(later), later.fitting) == (tallies(first), 6)
        assert (later.relaxed, later.showing, later.facets) == (first.relaxed, first.showing, first.facets)
    assert (first.closest_from, second.closest_from) == (None, None)
    assert skus(dear) == ["s5", "s4", "s3", "s2"]
    assert set(skus(first)) | set(skus(second)[:2]) == SNEAKERS


def test_a_pinned_product_is_no_match(shop):

    bag = str(search("bag1").results[0].product.pk)
    MerchandisingRule.objects.create(
        action="pin", sku="bag1", product_key=bag, phrase="velvet sneakers", place="query", position=1
    )
    forget_snapshot()

    answer = search("velvet sneakers")

    assert (answer.matching, [part.text for part in answer.relaxed]) == (0, ["velvet"])


def test_relaxing_asks_nothing_more(shop):
    def statements(text):
        search(text)
        with CaptureQueriesContext(connection) as queries:
            answer = search(text)
        return len(queries), bool(answer.relaxed)

    close, relaxed = statements("red sneakers women"), statements("velvet sneakers women")
    assert (close[1], relaxed[1]) == (False, True)
    assert relaxed[0] == close[0]


def test_without_words_everything_matches(shop):
    answer = search("")
    assert (answer.matching, answer.similar, answer.relaxed, answer.blocked_by) == (14, 0, (), ())
