import pytest

from search.query.lexicon import Lexicon
from search.query.synonyms import Synonyms
from search.tags.vocabulary import Tag, WordChanges, build_vocabulary, general_words, same

FACETS = {
    "colour=Red": 6,
    "colour=Navy Blue": 2,
    "category=Apparel": 10,
    "category=Tshirts": 4,
    "brand=Acme": 10,
    "size=M": 10,
    "tags=floral": 1,
}


@pytest.fixture
def lexicon():
    return Lexicon(FACETS, None, 10, Synonyms(), paths=[("Apparel", "Tshirts")])


def test_values_have_their_shares(lexicon):
    general = (("material", "cotton"), ("neckline", "round neck"))
    assert build_vocabulary(lexicon, general, WordChanges()) == [
        Tag("category", "Tshirts", True, 0.4),
        Tag("colour", "Navy Blue", True, 0.2),
        Tag("colour", "Red", True, 0.6),
        Tag("material", "cotton", False),
        Tag("neckline", "round neck", False),
    ]


def test_a_word_that_says_the_same_as_a_value_is_left_to_it(lexicon):
    general = (
        ("garment", "t-shirt"),
        ("colour", "red"),
        ("style", "reds"),
        ("style", "retro"),
        ("fit", "Retro"),
    )
    words = [(tag.kind, tag.word) for tag in build_vocabulary(lexicon, general, WordChanges())]
    assert words == [("category", "Tshirts"), ("colour", "Navy Blue"), ("colour", "Red"), ("style", "retro")]


def test_a_shop_adds_and_hides(lexicon):
    changes = WordChanges(
        added=(("style", "boxy"), ("fit", "retro")), hidden=(("colour", "red"), ("material", "Cotton"))
    )
    general = (("material", "cotton"), ("style", "retro"))
    words = [(tag.kind, tag.word) for tag in build_vocabulary(lexicon, general, changes)]
    assert words == [("category", "Tshirts"), ("colour", "Navy Blue"), ("fit", "retro"), ("style", "boxy")]


def test_what_says_the_same():
    assert same("t-shirt", "english") == same("Tshirts", "english") == "tshirt"
    assert same("!", "english") == "!"


def test_the_general_words_are_several_hundred_each_once():
    words = general_words()
    assert len(words) == len(set(words)) > 400
    assert {"garment", "colour", "pattern", "material", "neckline", "sleeve", "style", "occasion"} <= {
        kind for kind, _ in words
    }
    assert [word for _, word in words if word != word.strip() or not word] == []
