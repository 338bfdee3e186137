import pytest

from search.merchandising.rules import PhraseIndex, same_words


@pytest.mark.parametrize(
    ("phrase", "contains", "query", "found"),
    [
        ("navy sneakers", False, "Navy  SNEAKER", True),
        ("navy sneakers", False, "navy sneakers sale", False),
        ("navy sneakers", True, "cheap navy sneakers sale", True),
        ("navy sneakers", True, "navy leather sneakers", False),
        ("café", False, "CAFE", True),
        ("tshirt", True, "red t-shirts", True),
        ("t shirt", True, "red tshirts", True),
        ("tshirt", False, "t shirts", True),
        ("shirt", True, "sweatshirt", False),
        ("!!", True, "anything", False),
        ("shoes", True, "", False),
    ],
)
def test_phrases_are_compared_as_queries_are_read(phrase, contains, query, found):
    assert PhraseIndex([(phrase, contains, "x")], "english").matching(query) == (["x"] if found else [])


def test_what_is_found_keeps_its_order_and_comes_once():
    index = PhraseIndex(
        [("red", True, 1), ("shirt", True, 2), ("red shirt", False, 3), ("blue", True, 4)], "english"
    )
    assert index.matching("red shirt red") == [1, 2]
    assert index.matching("red shirts") == [1, 2, 3]


def test_languages_have_stems_of_their_own():
    assert same_words("robes", "robe", "french")
    assert not same_words("robes", "robe", "simple")
