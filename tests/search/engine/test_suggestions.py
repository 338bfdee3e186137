import pytest

from search.engine import answers, search
from search.engine.findable import forget_findable
from search.engine.suggestions import SuggestedValue, Suggestions, suggest
from search.exceptions import InvalidQuery
from search.indexing.lexicons import build_lexicon, refresh_word_list
from search.models import WordList
from search.query.lexicon import forget_words
from tests.search.indexed import add, make_version

NOTHING = {"queries": [], "categories": [], "brands": [], "products": []}
SHOES = {"category": ["Shoes", "Sports Shoes"], "brand": ["Reebok"], "colour": ["Blue"]}


@pytest.fixture
def version(tiny_artifact, search_settings, db):
    version = make_version(tiny_artifact)
    add(version, "S-1", "Blue running shoes", brand="Reebok", facets=SHOES)
    add(version, "S-2", "Red running shoes", brand="Puma", facets={"category": ["Shoes"], "colour": ["Red"]})
    add(version, "S-3", "Blue cap", brand="Reebok", facets={"category": ["Caps"], "colour": ["Blue"]})
    count_words(version)
    return version


def count_words(version):
    build_lexicon(version)
    refresh_word_list()
    forget_words()
    forget_findable()


def found(answer):
    return [result.card.sku for result in answer.products]


def test_everything_is_suggested_that_a_word_begins(version):
    answer = suggest("sh")

    assert answer.queries == []  # the values say it, and nothing is said twice
    assert answer.categories == [
        SuggestedValue(value="Shoes", facet="category", count=2),
        SuggestedValue(value="Sports Shoes", facet="category", count=1),
    ]
    assert answer.brands == []
    assert found(answer) == ["S-2", "S-1"]  # newest first


def test_every_word_must_be_found(version):
    answer = suggest("blue reeb")

    assert answer.queries == ["blue Reebok"]
    assert (answer.categories, answer.brands) == ([], [])
    assert found(answer) == ["S-3", "S-1"]
    assert answer.matched["queries"] == [[(0, 4), (5, 9)]]  # "Blue Reeb", and "ok" completes it
    assert suggest("green reeb") == Suggestions(query="green reeb", matched=NOTHING)


def test_brands_are_apart_from_other_values(version):
    answer = suggest("Ree")

    assert answer.brands == [SuggestedValue(value="Reebok", facet="", count=2)]
    assert answer.categories == []


def test_nothing_is_said_twice(version):
    add(
        version,
        "S-4",
        "Nike flip-flops",
        brand="Níke",
        facets={"category": ["Flip Flops"], "brand": ["Níke"]},
    )
    add(version, "S-5", "Flip Flop", brand="Nike", facets={"category": ["Flip Flops"], "usage": ["Shoes"]})
    add(version, "S-6", "Flip flop", brand="Nike", facets={"category": ["Flip Flops"], "usage": ["Shoe"]})
    count_words(version)

    answer = suggest("flip")
    assert (answer.queries, [value.value for value in answer.categories]) == ([], ["Flip Flops"])
    assert found(answer) == ["S-6", "S-4"]  # of two products of one name, the first
    assert [brand.value for brand in suggest("nik").brands] == ["Nike"]
    assert suggest("nik").queries == []
    assert [value.value for value in suggest("sho").categories] == ["Shoes", "Sports Shoes"]
    assert suggest("Shoes").queries == []


def test_the_last_word_is_completed_beside_the_words_before_it(version):
    add(version, "S-4", "Red summer dress", facets={"category": ["Dresses"], "colour": ["Red"]})
    add(
        version,
        "S-5",
        "Red Disney summer shirt",
        brand="Disney",
        facets={"category": ["Shirts"], "colour": ["Red"]},
    )
    add(version, "S-6", "Red Dunes shirt", brand="Disney", facets={"category": ["Shirts"], "colour": ["Red"]})
    add(version, "S-7", "Blue duffel", facets={"category": ["Duffels"], "colour": ["Blue"]})
    count_words(version)

    answer = suggest("Red d")
    assert answer.queries == [
        "red dresses",
        "red Disney",
        "red dunes",
    ]  # what it is comes first; no red duffel
    assert answer.matched["queries"] == [[(0, 3), (4, 5)]] * 3
    assert found(answer) == ["S-4", "S-6", "S-5"]  # the dress first, then the newest
    assert suggest("red ").queries == ["red shirts", "red dresses", "red shoes"]
    assert suggest("red shirts di").queries == ["red shirts Disney"]


def test_a_text_that_would_find_nothing_is_not_suggested(version):
    add(version, "S-4", "Shoes under cover", price=900, facets={"category": ["Shoes"], "colour": ["Grey"]})
    count_words(version)

    assert suggest("shoes under 500 b").queries == ["shoes under 500 blue"]
    assert suggest("shoes under 500 g").queries == []  # the grey ones cost 900
    assert suggest("xyzzy sh").queries == []
    version.entries.filter(sku="s-1").delete()
    forget_findable()
    assert suggest("shoes under 500 b").queries == []


def test_one_misspelling_is_forgiven(version):
    answer = suggest("rebok sheos")

    assert answer.queries == ["Reebok shoes", "Reebok sports shoes"]
    assert found(answer) == ["S-1"]


def test_what_is_not_in_stock_comes_last(version):
    version.entries.filter(sku="s-3").update(in_stock=False, updated_at="2030-01-01T00:00Z")
    count_words(version)

    assert found(suggest("blue")) == ["S-1", "S-3"]


def test_popular_queries_come_first_as_the_catalogue_writes_them(version):
    asked = []

    def popular(text, limit):
        asked.append((text, limit))
        return ["SHOE REEBOK", "reebok  shoes", "shoe", "shoes carpet", "Shoes blue"]

    answer = suggest(" sh ", limit=3, popular=popular)
    assert answer.queries == ["shoes Reebok", "shoes blue"]
    assert asked == [("sh", 9)]


def test_without_a_word_others_queries_are_suggested_that_find_something(version):
    answer = suggest(
        "", limit=2, popular=lambda _text, _limit: ["blue cap", "buy spam now", "Blue caps", "red shoes"]
    )
    assert answer == Suggestions(
        query="", queries=["blue cap", "red shoes"], matched=NOTHING | {"queries": [[], []]}
    )


def test_the_limit_is_of_each_kind(version):
    answer = suggest("b", limit=1)

    assert (answer.queries, found(answer)) == ([], ["S-3"])
    assert answer.categories == [SuggestedValue(value="Blue", facet="colour", count=2)]


@pytest.mark.parametrize("text", ["", "   ", "!?", "zzz", "-red"])
def test_nothing_is_suggested_for_nothing(version, text):
    answer = suggest(text)
    assert (answer.queries, answer.categories, answer.brands, answer.products) == ([], [], [], [])
    assert (answer.query, answer.degraded) == (text.strip(), "")


def test_a_version_without_words_suggests_nothing_and_says_so(version):
    WordList.objects.all().delete()
    nothing = Suggestions(query="sh", degraded=answers.NO_WORDS, left_out=(answers.WORDS,))
    assert suggest("sh") == nothing
    version.delete()
    assert suggest("sh") == nothing


def test_what_cannot_be_answered_is_refused(version):
    with pytest.raises(InvalidQuery, match="limit must be a whole number from 1"):
        suggest("a", limit=0)


def test_a_text_of_more_than_200_characters_is_cut_as_a_search_cuts_it(version):
    answer = suggest("red " * 60 + "d")
    assert answer.query == " ".join(["red"] * 50)
    assert answer.query == search("red " * 60 + "d").typed
    assert suggest("a" * 201).query == "a" * 200
