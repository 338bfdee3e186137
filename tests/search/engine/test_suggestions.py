import pytest

from search.engine import answers
from search.engine.suggestions import SuggestedValue, Suggestions, complete, respelt, suggest
from search.exceptions import InvalidQuery
from search.indexing.lexicons import refresh_word_list
from search.models import WordList
from search.query.names import NameCollector, PrefixIndex
from tests.search.indexed import add, make_version

SHOES = {"category": ["Shoes", "Sports Shoes"], "brand": ["Reebok"], "colour": ["Blue"]}


@pytest.fixture
def version(tiny_artifact, search_settings, db):
    version = make_version(tiny_artifact)
    add(version, "S-1", "Blue running shoes", brand="Reebok", facets=SHOES)
    add(version, "S-2", "Red running shoes", brand="Puma", facets={"category": ["Shoes"], "colour": ["Red"]})
    add(version, "S-3", "Blue cap", brand="Reebok", facets={"category": ["Caps"], "colour": ["Blue"]})
    refresh_word_list()
    return version


def found(answer):
    return [result.card.sku for result in answer.products]


def test_everything_is_suggested_that_a_word_begins(version):
    answer = suggest("sh")

    assert answer.queries == ["shoes", "sports shoes"]
    assert answer.categories == [
        SuggestedValue(value="Shoes", facet="category", count=2),
        SuggestedValue(value="Sports Shoes", facet="category", count=1),
    ]
    assert answer.brands == []
    assert found(answer) == ["S-2", "S-1"]  # newest first


def test_every_word_must_be_found(version):
    answer = suggest("blue reeb")

    assert answer.queries == ["blue reebok"]
    assert (answer.categories, answer.brands) == ([], [])
    assert found(answer) == ["S-3", "S-1"]


def test_brands_are_apart_from_other_values(version):
    answer = suggest("Ree")

    assert answer.brands == [SuggestedValue(value="Reebok", facet="", count=2)]
    assert answer.categories == []


def test_values_are_queries_too_and_what_was_typed_is_none(version):
    add(version, "S-4", "Nike flip-flops", facets={"category": ["Flip Flops"]})
    refresh_word_list()

    assert suggest("flip").queries == ["flip flops"]
    assert suggest("Shoes").queries == ["sports shoes"]


def test_one_misspelling_is_forgiven(version):
    answer = suggest("rebok sheos")

    assert answer.queries == ["reebok shoes"]
    assert found(answer) == ["S-1"]


def test_what_is_not_in_stock_comes_last(version):
    version.entries.filter(sku="s-3").update(in_stock=False, updated_at="2030-01-01T00:00Z")
    refresh_word_list()

    assert found(suggest("blue")) == ["S-1", "S-3"]


def test_popular_queries_come_first(version):
    asked = []

    def popular(text, limit):
        asked.append((text, limit))
        return ["shoes for men", "shoes"]

    assert suggest(" sh ", limit=3, popular=popular).queries == ["shoes for men", "shoes", "sports shoes"]
    assert asked == [("sh", 3)]


def test_the_limit_is_of_each_kind(version):
    answer = suggest("b", limit=1)

    assert (answer.queries, found(answer)) == (["blue"], ["S-3"])
    assert answer.categories == [SuggestedValue(value="Blue", facet="colour", count=2)]


@pytest.mark.parametrize("text", ["", "   ", "!?", "zzz"])
def test_nothing_is_suggested_for_nothing(version, text):
    assert suggest(text) == Suggestions(query=text.strip())


def test_a_version_without_words_suggests_nothing_and_says_so(version):
    WordList.objects.all().delete()
    nothing = Suggestions(query="sh", degraded=answers.NO_WORDS, left_out=(answers.WORDS,))
    assert suggest("sh") == nothing
    version.delete()
    assert suggest("sh") == nothing


def test_what_cannot_be_answered_is_refused(version):
    with pytest.raises(InvalidQuery, match="limit must be a whole number from 1"):
        suggest("a", limit=0)
    with pytest.raises(InvalidQuery, match="q is longer than 200 characters"):
        suggest("a" * 201)


INDEX = PrefixIndex.of([["jeans"], ["jeans"], ["sneakers"], ["shirt"], ["short"], ["short"]])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jean", "jean"),
        ("jeens", "jeans"),
        ("jaens", "jeans"),
        ("sneker", "sneaker"),
        ("snekaers", "sneakers"),
        ("shurt", "short"),  # in more rows than "shirt"
        ("xeans", "xeans"),  # the first letter stays
        ("jen", "jen"),  # too short
        ("jxxns", "jxxns"),  # two edits
    ],
)
def test_a_word_that_begins_nothing_becomes_the_nearest_beginning(typed, meant):
    assert respelt(INDEX, [typed]) == [meant]


def test_the_last_word_is_completed_by_what_most_products_hold():
    collector = NameCollector()
    for number, name in enumerate(
        ["Blue shirt", "Blue shirts", "Blue shoes", "Blue shoes", "Blue shoes", "Red shawl"]
    ):
        collector.add(str(number), name=name, brand="", facets=())
    names = collector.names()
    prefixes = ["blue", "sh"]
    mask = names.products.matching(prefixes)

    assert complete(names, prefixes, mask, 5) == ["blue shoes", "blue shirt"]  # the plural adds nothing
    assert complete(names, prefixes, mask, 1) == ["blue shoes"]
