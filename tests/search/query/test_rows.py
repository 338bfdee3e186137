import numpy as np
import pytest

from search.query.rows import Mask, Postings, PrefixIndex, Texts

INDEX = PrefixIndex.of([["blue", "shirt"], ["blue", "shoes"], ["red", "shirt", "shirt"], []])


def test_words_are_sorted_with_their_rows_one_after_the_other():
    assert list(INDEX.words) == ["blue", "red", "shirt", "shoes"]
    assert INDEX.sizes(range(4)).tolist() == [2, 1, 2, 1]
    assert [INDEX.held(range(word, word + 1)).tolist() for word in range(4)] == [[0, 1], [2], [0, 2], [1]]
    assert INDEX.length == 4


def test_rows_match_that_hold_a_word_for_every_prefix():
    assert INDEX.matching(["sh"]).flags.tolist() == [True, True, True, False]
    assert INDEX.matching(["sh", "bl"]).flags.tolist() == [True, True, False, False]
    assert INDEX.matching(["shirt", "r"]).flags.tolist() == [False, False, True, False]
    assert INDEX.matching(["x"]).flags.tolist() == [False] * 4


def test_counts_are_of_the_rows_that_match():
    span = INDEX.span("sh")

    assert INDEX.counts(span, INDEX.matching(["blue"])).tolist() == [1, 1]
    assert INDEX.counts(span, INDEX.matching([])).tolist() == [2, 1]
    assert INDEX.counts(INDEX.span("x"), INDEX.matching([])).tolist() == []


@pytest.mark.parametrize("products", [1, 40, 300, 3000])
def test_it_agrees_with_a_search_through_all_words(products):
    numbers = np.random.default_rng(5)
    rows = [
        ["".join(numbers.choice(list("abc"), numbers.integers(1, 5))) for _ in range(numbers.integers(0, 6))]
        for _ in range(products)
    ]
    built = PrefixIndex.of(rows)
    index = PrefixIndex.from_arrays(built.arrays("index"), "index")
    assert products < 100 or 0 < len(index.postings.dense) < len(index.words)  # some lists are of either kind
    words = sorted({word for own in rows for word in own})
    assert list(index.words) == words
    among = Mask.of(numbers.random(products) < 0.3)
    for prefix in ("a", "ab", "cba", "bbbb", "c", "", "d"):
        begun = [word for word in words if word.startswith(prefix)]
        slow = [any(word.startswith(prefix) for word in own) for own in rows]
        span = index.span(prefix)
        assert index.words.run(span) == begun
        assert index.matching([prefix]).flags.tolist() == slow
        assert index.matching([prefix]).rows().tolist() == np.flatnonzero(slow).tolist()
        assert index.matching([prefix]).count() == sum(slow)
        holding = [[row for row, own in enumerate(rows) if word in own] for word in begun]
        assert index.sizes(span).tolist() == [len(held) for held in holding]
        assert sorted(index.held(span).tolist()) == sorted(row for held in holding for row in held)
        expected = [sum(bool(among.flags[row]) for row in held) for held in holding]
        assert index.counts(span, among).tolist() == expected


def test_texts_are_found_however_many_there_are():
    for number in (0, 1, 15, 16, 17, 100):
        expected = sorted(f"w\u00f6rt{n}" for n in range(number))
        texts = Texts.of(text.encode() for text in expected)
        texts = Texts.from_arrays(texts.arrays("t"), "t")
        assert (list(texts), len(texts)) == (expected, number)
        assert [texts[place] for place in range(number)] == expected
        assert [texts.whole(text) for text in expected] == [range(n, n + 1) for n in range(number)]
        assert not texts.whole("w\u00f6rt")
        assert not texts.whole("x")
        assert texts.run(texts.span("w\u00f6rt1")) == [
            text for text in expected if text.startswith("w\u00f6rt1")
        ]
    with pytest.raises(IndexError):
        texts[100]


@pytest.mark.parametrize("words", [[], [""], ["ab", "b9"], ["ab", "w\u00f6rt"]])
def test_letters_are_those_of_all_texts(words):
    assert Texts.of(word.encode() for word in words).letters == set("".join(words))


def test_rows_of_more_than_three_bytes_fit():
    many = 20_000_000
    kept = Postings.of([np.array([1, 70_000, many - 1], np.uint32), np.array([], np.uint32)], many)
    assert kept.rows(range(1)).tolist() == [1, 70_000, many - 1]
    assert kept.rows(range(1, 2)).tolist() == []


def test_an_empty_index_matches_nothing():
    assert PrefixIndex.of([]).matching(["a"]).flags.tolist() == []
