"""Searches of a version whose words were counted."""

from decimal import Decimal

import pytest

from search.engine import Filters, search
from search.indexing.lexicons import build_lexicon
from tests.search.indexed import add


def skus(answer):
    return [result.card.sku for result in answer.results]


@pytest.fixture
def shop(version):
    """Shirts, a t-shirt and shoes, for men and women."""

    def thing(sku, name, *path, colour, gender="Men", price=100, **more):
        facets = {"category": path, "colour": [colour], "gender": [gender]}
        return add(version, sku, name, facets=facets, price=price, **more)

    thing("navy", "Oxford shirt", "Apparel", "Shirts", colour="Navy Blue", price=900)
    thing("blue", "Plain shirt", "Apparel", "Shirts", colour="Blue", price=2000)
    thing("red", "Plain shirt", "Apparel", "Shirts", colour="Red", description="a linen and cotton blend")
    thing("tee", "Navy shirt-like tee", "Apparel", "Tshirts", colour="Navy Blue")
    thing("her", "Navy linen shirt", "Apparel", "Shirts", colour="Navy Blue", gender="Women")
    thing("shoe", "Runner", "Footwear", "Casual Shoes", colour="Red")
    build_lexicon(version)
    return version


def test_what_has_everything_comes_first_and_the_closest_follow(shop):
    answer = search("navy shirt for men")

    assert skus(answer)[:1] == ["navy"]
    assert set(skus(answer)) == {"navy", "blue", "her", "red", "tee"}
    assert (answer.matching, answer.closest_from) == (2, 2)  # blue will do for navy
    assert [(part.text, part.facet, part.values) for part in answer.understood] == [
        ("navy", "colour", ("Navy Blue", "Blue")),
        ("shirt", "category", ("Shirts",)),
        ("men", "gender", ("Men",)),
    ]


def test_with_enough_that_have_everything_there_is_nothing_else(shop, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"ENOUGH": 2}

    answer = search("navy shirt for men")

    assert skus(answer) == ["navy", "blue"]
    assert (answer.total, answer.closest_from, answer.complete) == (2, None, True)


def test_a_synonym_finds_what_the_catalogue_calls_otherwise(shop):
    assert skus(search("sneakers"))[0] == "shoe"
    assert search("sneakers").understood[0].values == ("Casual Shoes",)


def test_a_price_that_is_stated_filters_unless_one_is_chosen(shop):
    answer = search("shirt under 1000")

    assert set(skus(answer)) == {"navy", "red", "her", "tee"} - {"tee"}
    assert answer.understood[-1].values == ("", "1000")
    assert "blue" in skus(search("shirt under 1000", filters=Filters(price_min=Decimal(1500))))


def test_a_price_alone_lists_what_it_buys(shop):
    assert skus(search("above 1500")) == ["blue"]


def test_a_word_counts_by_where_it_stands(shop):
    assert skus(search("linen"))[:2] == ["her", "red"]


def test_a_word_that_no_product_holds_is_told(shop):
    answer = search("navy zzzz shirt")

    assert answer.unknown == ("zzzz",)
    assert skus(answer)[0] in ("navy", "her")


def test_cheap_things_come_first_where_they_are_asked_for(shop):
    answer = search("cheap shirt for men")
    assert skus(answer)[:3] == ["red", "navy", "blue"]  # 100, 900, 2000


@pytest.mark.parametrize("text", ["zzzz", "qwrtp", "for the"])
def test_nonsense_finds_nothing(shop, text):
    answer = search(text)
    assert (answer.total, answer.complete) == (0, True)


def test_an_exact_name_and_sku_come_first(shop):
    assert skus(search("plain shirt"))[:2] in (["blue", "red"], ["red", "blue"])
    assert skus(search("RED"))[0] == "red"


def test_a_quoted_phrase_is_needed_as_it_stands(shop):
    assert skus(search('"linen and cotton"')) == ["red"]
    assert search('"cotton and linen"').matching == 0
