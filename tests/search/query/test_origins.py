"""Where meanings come from, with the made-up catalogue and the lists that ship."""

from pathlib import Path

import pytest

from search.query import origins
from search.query.origins import listed_words, origin_of_negation, origins_of
from tests.search.query.reading import lexicon, understand

ROOT = Path(__file__).parents[3]


def line(origin):
    """The line of a file that an origin names."""
    file, _, number = origin.partition(", line ")
    return (ROOT / file).read_text().splitlines()[int(number) - 1]


def origin_of(query, name):
    for unit in understand(query)[2].units:
        found = origins_of(unit, lexicon(), understand(query)[1].quoted)
        if name in found:
            return found[name]
    raise AssertionError(f"{query!r} is not read as {name}")


@pytest.mark.parametrize(
    ("query", "name", "origin"),
    [
        ("red", "colour=Red", origins.CALLED),
        ("tshirts", "category=Tshirts", origins.CALLED),
        ("body mist", "category=Perfume and Body Mist", origins.IN_NAME),
        ("hobson belt", "brand=Mark Hobson", origins.OF_BRAND),
        ("ulb tshirt", "brand=United Looms of Bergen", origins.OF_BRAND),
        ("velvet dress", "velvet", origins.OF_TEXTS),
        ('"slim fit" shirt', "slim fit", origins.QUOTED),
        ("perfume 100 ml", "100ml", origins.SPELLINGS),
        ("jeans 32", "size=32", origins.IN_STOCK),
        ("men shoes eu 42", "size=UK 8", "a chart in search/sizes.toml"),
        ("watch for 8 year old", "gender=Boys", origins.CHILD),
        ("girls dress", "gender=Boys", origins.CHILD),
        ("red or blue", "colour=Blue", origins.CALLED),
        ("rotes oder blaues Kleid", "colour=Blue", origins.CALLED),
    ],
)
def test_a_meaning_names_what_it_comes_from(query, name, origin):
    assert origin_of(query, name) == origin


@pytest.mark.parametrize(
    ("query", "name", "beginning"),
    [
        ("sneakers", "category=Casual Shoes", '"sneaker'),
        ("hoodie", "category=Jackets", '"hoodie" = '),
        ("red", "colour=Maroon", '"red" = '),
        ("for my laptop", "category=Laptop Bag", '"laptop" = '),
        ("suit", "usage=Formal", '"suit" = '),
        ("bathrobe", "bath robe", '"bathrobe" = '),
        ("dress without sleeves", "sleeveless", '"sleeves" = '),
    ],
)
def test_a_meaning_from_a_list_names_its_line(query, name, beginning):
    assert line(origin_of(query, name)).startswith(beginning)


def test_what_is_negated_names_a_value_or_the_texts():
    (red,) = understand("shirt not red")[2].negated
    (hood,) = understand("jacket without hood")[2].negated
    assert origin_of_negation(red, lexicon()) == origins.CALLED
    assert origin_of_negation(hood, lexicon()) == origins.OF_TEXTS


@pytest.mark.parametrize(
    ("query", "code", "expected"),
    [
        ("rotes Kleid", "de", [("rotes", "red", '"rot" = '), ("Kleid", "dress", '"kleid" = ')]),
        ("sac à main", "fr", [("sac à main", "handbag", '"sac à main" = ')]),
        ("👗", "", [("👗", "dress", '"👗" = ')]),
    ],
)
def test_words_of_other_languages_name_their_line(query, code, expected):
    found = list(listed_words(query, code, lexicon()))
    assert [(typed, english) for typed, english, _ in found] == [one[:2] for one in expected]
    for (_, _, origin), (_, _, beginning) in zip(found, expected, strict=True):
        assert line(origin).startswith(beginning)
