from search.spelling.lexicon import Lexicon


def test_a_lexicon_comes_back_as_it_was_packed():
    lexicon = Lexicon({"tshirt": ("t-shirt", 7), "reebok": ("Reebok", 3)}, frozenset({"polo tshirt"}))

    assert Lexicon.unpack(lexicon.pack()) == lexicon


def test_an_empty_lexicon_comes_back_empty():
    assert Lexicon.unpack(Lexicon({}, frozenset()).pack()) == Lexicon({}, frozenset())
