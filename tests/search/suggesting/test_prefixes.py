import numpy as np

from search.query.names import PrefixIndex

INDEX = PrefixIndex.of([["blue", "shirt"], ["blue", "shoes"], ["red", "shirt", "shirt"], []])


def test_words_are_sorted_with_their_rows_one_after_the_other():
    assert INDEX.words == ["blue", "red", "shirt", "shoes"]
    assert INDEX.starts.tolist() == [0, 2, 3, 5, 6]
    assert INDEX.rows.tolist() == [0, 1, 2, 0, 2, 1]
    assert INDEX.length == 4


def test_rows_match_that_hold_a_word_for_every_prefix():
    assert INDEX.matching(["sh"]).tolist() == [True, True, True, False]
    assert INDEX.matching(["sh", "bl"]).tolist() == [True, True, False, False]
    assert INDEX.matching(["shirt", "r"]).tolist() == [False, False, True, False]
    assert INDEX.matching(["x"]).tolist() == [False] * 4


def test_counts_are_of_the_rows_that_match():
    span = INDEX.span("sh")

    assert INDEX.counts(span, INDEX.matching(["blue"])).tolist() == [1, 1]
    assert INDEX.counts(span, INDEX.matching([])).tolist() == [2, 1]
    assert INDEX.counts(INDEX.span("x"), INDEX.matching([])).tolist() == []


def test_it_agrees_with_a_search_through_all_words():
    numbers = np.random.default_rng(5)
    rows = [
        ["".join(numbers.choice(list("abc"), 4)) for _ in range(numbers.integers(0, 6))] for _ in range(300)
    ]
    index = PrefixIndex.of(rows)
    for prefix in ("a", "ab", "cba", "bbbb"):
        slow = [any(word.startswith(prefix) for word in words) for words in rows]
        assert index.matching([prefix]).tolist() == slow


def test_an_empty_index_matches_nothing():
    assert PrefixIndex.of([]).matching(["a"]).tolist() == []
