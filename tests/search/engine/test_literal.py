"""What holds the very words that were typed comes before what these are taken for."""

import pytest

from search.engine import Trial, search
from search.indexing.lexicons import build_lexicon
from search.models.terms import IN_PART
from tests.search.indexed import add


def skus(answer):
    return [result.card.sku for result in answer.results]


@pytest.fixture
def shop(version):
    """Shoes of which names, keywords or descriptions tell that they are boots, and things that are none."""

    def thing(sku, name, *path, colour="Black", **more):
        add(version, sku, name, facets={"category": path, "colour": [colour]}, **more)

    thing("plain", "City runner", "Footwear", "Casual Shoes")
    thing("told", "Trail runner", "Footwear", "Casual Shoes", description="As warm as boots.")
    thing("keyed", "Hill runner", "Footwear", "Casual Shoes", keywords="boot")
    thing("named", "Desert boots", "Footwear", "Casual Shoes")
    thing("flat", "Leather boot", "Footwear", "Flats")
    thing("shirt", "Boot print shirt", "Apparel", "Shirts")
    thing("bra", "Training sports bra", "Apparel", "Tops")
    thing("lace", "Lace bra", "Apparel", "Bra", colour="Red")
    thing("mention", "Red-trimmed shirt", "Apparel", "Shirts", description="red seams")
    thing("red", "Plain shirt", "Apparel", "Shirts", colour="Red")
    thing("joined", "Rosegold watch", "Accessories", "Watches", colour="Copper")
    thing("apart", "Watch in rose gold", "Accessories", "Watches", colour="Black")
    thing("copper", "Plain watch", "Accessories", "Watches", colour="Copper")
    thing("black", "Plain watch", "Accessories", "Watches")
    build_lexicon(version)
    return version


def test_the_name_then_keywords_then_the_description_then_the_meaning(shop):
    answer = search("boots", spelling=False)
    assert set(skus(answer)[:2]) == {"named", "flat"}
    assert skus(answer)[2:5] == ["keyed", "told", "plain"]
    assert answer.matching == 5


def test_what_is_called_so_in_another_branch_of_the_catalogue_is_no_match(shop):
    answer = search("boots", spelling=False)
    assert "shirt" not in skus(answer)[: answer.matching]


def test_the_last_typed_word_in_the_name_is_nearer_than_all_of_them_in_the_description(shop):
    facets = {"category": ["Footwear", "Flats"], "colour": ["Black"]}
    add(shop, "desert", "Desert boot", facets=facets, description="An ankle boot for the sand.")
    answer = search("ankle boots", spelling=False, trial=Trial(explain=True))
    literal = {sku: item.literal for sku, item in zip(skus(answer), answer.explanation.results, strict=True)}
    assert literal["desert"] == pytest.approx(IN_PART)


@pytest.mark.parametrize("spelling", [True, False])
@pytest.mark.parametrize("text", ["rose gold watch", "rosegold watch"])
def test_a_colour_that_names_say_in_either_spelling_comes_before_what_it_is_taken_for(shop, text, spelling):
    answer = search(text, spelling=spelling)
    assert not answer.is_corrected
    assert set(skus(answer)[:2]) == {"joined", "apart"}
    assert skus(answer)[2 : answer.matching] == ["copper"]


def test_a_compound_in_the_name_is_of_the_kind(shop):
    answer = search("sports bra", spelling=False)
    assert skus(answer)[: answer.matching] == ["bra"]


def test_a_mention_of_a_colour_is_not_the_colour(shop):
    answer = search("red shirt", spelling=False)
    assert skus(answer)[: answer.matching] == ["red"]


def test_it_is_part_of_the_score(shop, search_settings):
    def scores():
        answer = search("boots", spelling=False, trial=Trial(explain=True))
        return {item.product_key: item.score for item in answer.explanation.results}

    with_it = scores()
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"WEIGHTS": {"literal": 0.0}}
    without = scores()
    gained = sorted(round(with_it[key] - without[key], 6) for key in with_it.keys() & without.keys())
    assert gained[-5:] == [0.0, 1.6, 1.8, 2.0, 2.0]


def test_the_explanation_says_how_far_it_is_held(shop):
    results = search("boots", spelling=False, trial=Trial(explain=True)).explanation.results
    assert [round(item.literal, 6) for item in results[:5]] == [1.0, 1.0, 0.9, 0.8, 0.0]
