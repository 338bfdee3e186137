import pytest

from search.text import fold, is_word, keys, one_line, parts, spelt_words, split, storable


def test_words_lose_case_accents_and_possession():
    assert [word.text for word in split("Men's Café-au-lait T-Shirts, girls' 2XL")] == [
        "men", "cafe", "au", "lait", "t", "shirts", "girls", "2xl",
    ]  # fmt: skip


def test_words_know_where_they_stand():
    text = "Women\u2019s black DRESS"
    assert [text[word.start : word.end] for word in split(text)] == ["Women", "black", "DRESS"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["t", "shirts"], ["tshirt"]),
        (["flip", "flops"], ["flipflop"]),
        (["track", "pants"], ["trackpants"]),
        (["watches"], ["watch"]),
        (["striped"], ["stripes"]),
    ],
)
def test_joining_and_inflection_do_not_matter(one, other):
    assert set(keys(one, "english")) & set(keys(other, "english"))


def test_a_language_without_stems_leaves_words_alone():
    assert keys(["shirts"], "simple") == ("shirts",)


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("T-Shirt", "tshirt"),
        ("Levi's", "levis"),
        ("Men\u2019s", "mens"),
        ("Kérastase", "kerastase"),
        ("red", "red"),
    ],
)
def test_spellings_of_one_word_fold_to_the_same(word, folded):
    assert fold(word) == folded


@pytest.mark.parametrize("word", ["shirt", "t-shirt", "men's", "Müller"])
def test_letters_with_hyphens_and_apostrophes_are_a_word(word):
    assert is_word(word)


@pytest.mark.parametrize("chunk", ["501", "501s", "NA1387SL02", "x_y", "a" * 41])
def test_numbers_skus_and_endless_runs_are_no_words(chunk):
    assert not is_word(chunk)


def test_a_hyphened_word_has_parts():
    assert parts("flip-flops") == ["flip", "flops"]
    assert parts("shirt") == ["shirt"]


def test_words_are_found_as_they_are_spelt():
    assert [word[0] for word in spelt_words("Men's T-shirt, ab_12 - 2XL!")] == [
        "Men's",
        "T-shirt",
        "ab_12",
        "2XL",
    ]


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("red", "red"),
        ("Café \u2028", "Café \u2028"),
        ("a\0b", "a b"),
        ("a\ud800", "a?"),
        ("é\0\udfff", "é ?"),
    ],
)
def test_what_postgres_refuses_is_replaced(text, stored):
    assert storable(text) == stored


def test_one_line_composes_letters_and_leaves_out_what_does_not_show():
    assert one_line("\ufeff Cafe\u0301\n\x07\tau \u202elait\u200b ") == "Café au lait"
