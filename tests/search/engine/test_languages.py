"""Searches in other languages than the catalogue's, and by emoji."""

import pytest

from search.engine import Trial, search
from search.engine.answers import NO_LIST
from search.indexing.lexicons import build_lexicon, refresh_word_list
from tests.search.indexed import add


def skus(answer):
    return [result.card.sku for result in answer.results]


@pytest.fixture
def shop(version):
    """Dresses and shirts, in two colours, and a brand whose name is near to a German word."""

    def thing(sku, name, *path, colour, **more):
        facets = {"category": path, "colour": [colour], "brand": ["Klein"]}
        add(version, sku, name, facets=facets, **more)

    thing("red", "Summer dress", "Apparel", "Dresses", colour="Red")
    thing("black", "Summer dress", "Apparel", "Dresses", colour="Black")
    for number in range(3):
        thing(f"shirt{number}", "Klein shirt", "Apparel", "Shirts", colour="Red")
    build_lexicon(version)
    assert refresh_word_list()
    return version


def test_a_query_in_another_language_is_read_and_not_corrected(shop):
    answer = search("rotes Kleid", trial=Trial(explain=True))
    assert (answer.query, answer.is_corrected, answer.language) == ("rotes Kleid", False, "de")
    assert skus(answer)[: answer.matching] == ["red"]
    assert [(part.text, part.values, part.without) for part in answer.understood] == [
        ("rotes", ("Red",), "Kleid"),
        ("Kleid", ("Dresses",), "rotes"),
    ]
    assert answer.explanation.encoded == "red dress"
    assert (answer.unknown, answer.notes) == ((), ())


def test_an_emoji_alone_is_a_query(shop):
    answer = search("👗", trial=Trial(explain=True))
    assert set(skus(answer)[: answer.matching]) == {"red", "black"}
    assert [(part.text, part.values, part.without) for part in answer.understood] == [
        ("👗", ("Dresses",), "")
    ]
    assert answer.explanation.encoded == "dress"


def test_a_language_without_a_list_is_said_so_and_not_corrected(shop):
    answer = search("красное платье")
    assert (answer.is_corrected, answer.notes, answer.matching) == (False, (NO_LIST,), 0)
    assert answer.unknown == ("красное", "платье")


def test_slips_beside_emoji_are_corrected(shop):
    assert search("👗 dreess").query.lower() == "👗 dress"


def test_the_language_of_the_catalogue_is_the_usual_one(shop):
    answer = search("red dress")
    assert (answer.language, answer.notes) == ("", ())
