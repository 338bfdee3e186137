import pytest

from search.retrieval.candidates import Space
from search.retrieval.cleaning import clean_query
from search.retrieval.filters import Filters
from search.retrieval.keyword import keyword_leg
from tests.search.indexed import add, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(tiny_artifact, search_settings):
    return make_version(tiny_artifact)


def found(version, text, filters=Filters()):  # noqa: B008 - frozen
    query = clean_query(text)
    space = Space.of(version, filters, query)
    leg = keyword_leg(space, query)
    skus = dict(version.entries.values_list("pk", "sku"))
    return [skus[candidate.entry_id] for candidate in leg.candidates], leg, skus


def test_a_word_in_the_name_outranks_one_in_keywords_and_one_in_the_description(version):
    add(version, "c", "Plain", description="linen")
    add(version, "a", "Linen shirt")
    add(version, "b", "Shirt", keywords="linen")

    assert found(version, "linen")[0] == ["a", "b", "c"]


def test_equal_ranks_are_ordered_by_product_key(version):
    for sku in "cab":
        add(version, sku, "Shirt")

    assert found(version, "shirt")[0] == ["c", "a", "b"]  # the order of their primary keys


def test_where_few_hold_every_word_those_with_most_words_follow(version):
    add(version, "one", "Striped bag")
    add(version, "two", "Red striped bag")
    add(version, "all", "Red striped shirt", description="cotton")
    add(version, "none", "Blue shoes")

    skus, leg, _ = found(version, "red striped cotton shirt")

    assert skus == ["all", "two", "one"]
    assert list(leg.scores[1:]) == [2.0, 1.0]
    assert leg.complete


def test_where_enough_hold_every_word_nothing_else_is_looked_for(version, search_settings):
    search_settings.FASHION_SEARCH |= {"KEYWORD_ENOUGH": 1}
    add(version, "both", "Red shirt")
    add(version, "one", "Red shoes")

    assert found(version, "red shirt")[0] == ["both"]


def test_one_word_is_left_out_before_all_others_are(version, search_settings):
    search_settings.FASHION_SEARCH |= {"KEYWORD_ENOUGH": 2}
    add(version, "three", "Red striped shirt")
    add(version, "one", "Red shoes")
    add(version, "two", "Red shirt", description="cotton")

    assert found(version, "red striped cotton shirt")[0] == ["three", "two"]
    search_settings.FASHION_SEARCH |= {"KEYWORD_ENOUGH": 3}
    assert found(version, "red striped cotton shirt")[0] == ["three", "two", "one"]


def test_an_exact_name_leaves_no_word_out(version):
    add(version, "named", "Red striped shirt")
    add(version, "other", "Red shirt")

    assert found(version, "red striped SHIRT")[0] == ["named"]


def test_a_cut_list_is_not_complete(version, search_settings):
    search_settings.FASHION_SEARCH |= {"CANDIDATES": 2}
    for number in range(3):
        add(version, f"r{number}", "Red shoes")

    skus, leg, _ = found(version, "red shirt")

    assert (len(skus), leg.complete) == (2, False)


def test_sku_and_name_in_any_case_are_exact(version):
    add(version, "AB-12/x", "Tunic")
    add(version, "other", "Long tunic dress", description="like AB-12/x")
    add(version, "named", "long Tunic")

    _, leg, skus = found(version, "ab-12/X")
    assert [skus[candidate.entry_id] for candidate in leg.exact] == ["ab-12/x"]
    _, leg, skus = found(version, "Long tunic")
    assert [skus[candidate.entry_id] for candidate in leg.exact] == ["named"]


def test_excluded_words_stay_out_also_where_any_word_may_match(version):
    add(version, "red", "Red dress")
    add(version, "blue", "Blue dress")
    add(version, "blue shoes", "Blue shoes")

    assert found(version, "dress -red")[0] == ["blue"]
    assert found(version, "blue dress -red")[0] == ["blue", "blue shoes"]


@pytest.mark.parametrize("text", ["😀", "the", "'\"\\ ( ) : * & | ! <->", "%_%"])
def test_a_query_without_lexemes_finds_nothing(version, text):
    add(version, "a", "Shirt")

    assert found(version, text)[0] == []


def test_filters_hold(version):
    add(version, "red", "Shirt", facets={"colour": ["Red"]})
    add(version, "blue", "Shirt", facets={"colour": ["Blue"]})
    add(version, "green", "Shirt", facets={"colour": ["Green"]})

    assert found(version, "shirt", Filters(facets={"colour": ("Red",)}))[0] == ["red"]
    assert found(version, "shirt", Filters(facets={"colour": ("Red", "Green")}))[0] == ["red", "green"]
    assert found(version, "new shirt", Filters(facets={"colour": ("Blue",)}))[0] == ["blue"]
    assert found(version, "shirt", Filters(facets={"colour": ("Pink",)}))[0] == []
