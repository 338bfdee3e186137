from search.query.spelling import read_tokens


def texts(query):
    return [token.text for token in read_tokens(query)]


def test_words_are_read_and_numbers_skus_addresses_are_left_aside():
    assert texts("blue T-shirt 501 NA1387SL02 H&M a@b.com under 1500") == ["blue", "T-shirt", "under"]


def test_quoted_phrases_and_excluded_words_are_left_aside():
    assert texts('jeens "exakt phrase" -blak -"two wrds" shirt') == ["jeens", "shirt"]


def test_a_token_knows_its_place_and_whether_a_word_follows():
    first, second, third = read_tokens("back pack, red")

    assert (first.key, first.start, first.end, first.followed) == ("back", 0, 4, True)
    assert (second.key, second.start, second.end, second.followed) == ("pack", 5, 9, False)
    assert (third.key, third.followed) == ("red", False)
