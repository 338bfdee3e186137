import io

import numpy as np

from search.query.names import (
    _OF_VALUES,
    NO_FACET,
    NameCollector,
    Names,
    PrefixIndex,
    Vocabulary,
    title_of,
    words_of,
)


def collect():
    collector = NameCollector()
    collector.add(
        "7",
        name="Blue T-shirt",
        brand="Levi's",
        facets=[("category", "Tops"), ("brand", "Levi's"), ("colour", "Blue")],
    )
    collector.add("3", name="Red hat", brand="", facets=[("category", "Tops")])
    return collector.names(Vocabulary({"tshirt": ("T-shirt", 1), "red": ("red", 1)}, frozenset()))


def test_products_keep_their_order_and_values_come_commonest_first():
    names = collect()

    assert names.keys == ["7", "3"]
    assert names.products.words == ["blue", "hat", "levis", "red", "shirt", "t", "tshirt"]
    assert names.values == [("category", "Tops", 2), (NO_FACET, "Levi's", 1), ("colour", "Blue", 1)]
    assert names.value_words.words == ["blue", "levis", "tops"]
    assert [names.having(place).tolist() for place in range(3)] == [[0, 1], [0], [0]]
    assert names.kinds.tolist() == [0]
    assert ("hat" in names, "tops" in names, "ha" in names) == (True, True, False)


def test_names_come_back_as_they_were_packed():
    names = collect()
    unpacked = Names.unpack(names.pack())

    assert (unpacked.keys, unpacked.values) == (names.keys, names.values)
    assert unpacked.products.words == names.products.words
    assert unpacked.products.matching(["t"]).tolist() == [True, False]
    assert unpacked.value_words.matching(["to"]).tolist() == [True, False, False]
    assert unpacked.having(0).tolist() == [0, 1]
    assert (unpacked.kinds.tolist(), unpacked.titles.tolist(), unpacked.spelt("tshirt")) == (
        [0],
        [0, 1],
        "T-shirt",
    )


def test_names_of_the_release_before_have_no_products_of_values():
    names = collect()
    with np.load(io.BytesIO(names.pack()), allow_pickle=False) as arrays:
        kept = {key: arrays[key] for key in arrays if key not in (*_OF_VALUES, "spellings")}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **kept)
    unpacked = Names.unpack(file.getvalue())

    assert unpacked.products.words == names.products.words
    assert (unpacked.having(0).tolist(), unpacked.kinds.tolist(), unpacked.spelt("tshirt")) == (
        [],
        [],
        "tshirt",
    )


def test_products_of_one_name_are_known():
    collector = NameCollector()
    for number, name in enumerate(("Red T-Shirt", "Blue hat", "red t shirts", "!", "Shirt T Red", "?")):
        collector.add(str(number), name=name, brand="", facets=[])
    assert collector.names().titles.tolist() == [0, 1, 0, 3, 0, 5]
    assert (
        title_of("Caf\u00e9 dresses", "english")
        == title_of("cafe dress", "english")
        != title_of("", "english")
    )


def test_names_of_nothing_come_back_empty():
    unpacked = Names.unpack(NameCollector().names().pack())

    assert (unpacked.keys, unpacked.products.words, unpacked.products.matching(["a"]).tolist()) == (
        [],
        [],
        [],
    )


def test_words_of_a_text_are_whole_and_in_parts():
    assert words_of("Blue T-Shirt") == ["blue", "tshirt", "t", "shirt"]


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
