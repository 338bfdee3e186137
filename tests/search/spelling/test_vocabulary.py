from search.query.spelling import Vocabulary


def test_a_vocabulary_comes_back_as_it_was_packed():
    vocabulary = Vocabulary({"tshirt": ("t-shirt", 7), "reebok": ("Reebok", 3)}, frozenset({"polo tshirt"}))

    assert Vocabulary.unpack(vocabulary.pack()) == vocabulary


def test_an_empty_vocabulary_comes_back_empty():
    assert Vocabulary.unpack(Vocabulary({}, frozenset()).pack()) == Vocabulary({}, frozenset())
