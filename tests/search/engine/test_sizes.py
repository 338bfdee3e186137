"""Searches for sizes and for children."""

import pytest

from search.engine import search
from search.indexing.lexicons import build_lexicon
from tests.search.indexed import add


def skus(answer):
    return [result.card.sku for result in answer.results]


@pytest.fixture
def shop(version):
    """Shoes of men and women, t-shirts of adults and children."""

    def thing(sku, name, kind, gender, *sizes):
        add(version, sku, name, facets={"category": [kind], "gender": [gender], "size": sizes})

    thing("his8", "Runner", "Shoes", "Men", "UK 8", "UK 9")
    thing("his9", "Runner two", "Shoes", "Men", "UK 9")
    thing("her8", "Walker", "Shoes", "Women", "UK 5", "UK 8")
    thing("xxl", "Plain tee", "Tshirts", "Men", "XL", "XXL")
    thing("child", "Kids Boys tee", "Tshirts", "Men", "XXL")
    thing("girl", "Bunny tee", "Tshirts", "Girls", "6-7 Y")
    thing("unisex", "Peace tee", "Tshirts", "Unisex", "S")
    thing("any", "Kids Unisex tee", "Tshirts", "Unisex", "4-5 Y")
    build_lexicon(version)
    return version


def test_a_size_of_another_system_is_converted_and_said(shop):
    answer = search("shoes EU 42")

    assert skus(answer)[0] == "his8"
    assert answer.matching == 1  # a woman's EU 42 is about UK 8, too: men's charts come first
    assert answer.understood[-1].implied
    assert [part.says for part in answer.understood if part.facet == "size"] == [
        "EU 42: UK 8 (men\u2019s sizes)"
    ]


def test_what_is_in_stock_in_the_size_comes_first(shop):
    answer = search("tshirt 2xl")
    assert set(skus(answer)[:2]) == {"xxl", "child"}
    assert answer.matching == 2


def test_children_are_found_by_size_value_and_name(shop):
    assert skus(search("tshirt for 6 year old"))[0] == "girl"
    assert skus(search("tshirt for girls"))[:2] in (["girl", "any"], ["any", "girl"])
    assert search("tshirt for girls").matching == 2


@pytest.fixture
def nursery(version):
    """T-shirts of boys, girls, both and grown-ups; boys' hold every word that is asked for below."""
    for sku, name, gender in (
        ("boy", "Boys Kids tee", "Boys"), ("boy2", "Kids clothes tee", "Boys"), ("girl", "Bunny tee", "Girls"),
        ("any", "Kids Unisex tee", "Unisex"), ("unisex", "Peace tee", "Unisex"), ("woman", "Lady tee", "Women"),
        ("hers", "Kids Girls tee", "Women"),
    ):  # fmt: skip
        add(version, sku, name, facets={"category": ["Tshirts"], "gender": [gender]})
    build_lexicon(version)
    return version


@pytest.mark.parametrize(
    "query", ["tshirt for girls", "kids tshirts girls", "girls kids tshirt", "tshirts for my daughter"]
)
def test_the_other_childs_products_are_a_miss(nursery, query):
    answer = search(query)
    found = skus(answer)
    assert answer.matching == 3
    assert set(found[:3]) == {"girl", "any", "hers"}
    assert "unisex" in found[:4]
    assert set(found[4:6]) == {"boy", "boy2"}  # before what no child can wear


def test_boys_are_asked_for_in_the_same_way(nursery):
    answer = search("tshirt for boys")
    assert set(skus(answer)[:3]) == {"boy", "boy2", "any"}
    assert answer.matching == 3


@pytest.mark.parametrize("query", ["tshirts for boys and girls", "boys or girls tshirt", "kids tshirt"])
def test_where_both_are_asked_for_neither_is_a_miss(nursery, query):
    answer = search(query)
    assert {"boy", "boy2", "girl", "any"} <= set(skus(answer)[: answer.matching])


def test_a_size_that_is_not_sold_is_told(shop):
    answer = search("tshirt uk 13")
    assert len(answer.notes) == 1
    assert answer.matching == 5


def test_sizes_are_asked_of_the_index_once(shop, django_assert_max_num_queries):
    search("shoes uk 8")
    with django_assert_max_num_queries(100) as first:
        search("shoes uk 8")
    with django_assert_max_num_queries(100) as without:
        search("shoes for men")
    assert len(first) <= len(without) + 1
