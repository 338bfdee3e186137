"""What a query does not quite say: words that may be slips, and for whom it is."""

import pytest

from search.engine import Filters, search
from search.indexing.lexicons import build_lexicon, refresh_word_list
from search.models import PopularQuery
from search.query.lexicon import forget_words
from tests.search.indexed import add


def skus(answer):
    return [result.card.sku for result in answer.results]


@pytest.fixture
def counted(version):
    """Counts the words of the version."""

    def count():
        build_lexicon(version)
        refresh_word_list()
        forget_words()

    return count


def test_a_slip_that_a_description_holds_finds_what_was_meant_behind_it(version, counted):
    add(version, "set", "Gift set", description="With a deodrant.")
    for number in range(3):
        add(version, f"deo{number}", "Deodorant stick")
    counted()

    answer = search("deodrant")
    assert (answer.query, answer.is_corrected) == ("deodrant", False)
    assert sorted(skus(answer)) == ["deo0", "deo1", "deo2", "set"]
    assert (answer.total, answer.matching) == (4, 4)
    assert skus(search("deodrant", spelling=False)) == ["set"]


def test_a_rare_word_that_is_right_comes_first(version, counted):
    add(version, "zari", "Zaari border", description="Zaari.")
    for number in range(3):
        add(version, f"sari{number}", "Saari")
    counted()
    assert skus(search("zaari")) == ["zari"]  # a word of names is right, and nothing else may be meant


def test_childrens_products_come_last_where_nobody_is_named(version, counted):
    for sku, gender in (("girl", "Girls"), ("woman", "Women"), ("boy", "Boys")):
        add(version, sku, "Top", facets={"category": ["Tops"], "gender": [gender]})
    counted()

    assert skus(search("top"))[0] == "woman"
    assert skus(search("top for girls"))[0] == "girl"
    assert set(skus(search("tops"))) == {"girl", "woman", "boy"}


def test_where_nothing_is_found_other_queries_are_named(version, counted):
    for number in range(3):
        add(version, f"s{number}", "Shirt", facets={"category": ["Tops", "Shirts"]})
    add(version, "b", "Boots", facets={"category": ["Shoes", "Boots"]})
    counted()
    for query in ("linen", "shirt"):
        PopularQuery.objects.create(query=query, text=query.title(), searches=9, clicked=1)

    answer = search("zzqqk")
    assert (answer.total, answer.unknown) == (0, ("zzqqk",))
    assert answer.instead == (
        "Shirt",
        "Boots",
    )  # no product is of linen, and "Shirts" would say the same again
    assert search("shirt").instead == ()
    assert search("", filters=Filters(facets={"colour": ("None",)})).instead == ()
