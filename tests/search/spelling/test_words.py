import pytest

from search.query.spelling import fold, inflections, is_word, parts


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


@pytest.mark.parametrize(
    ("word", "others"),
    [
        ("shirt", ["shirts"]),
        ("shirts", ["shirt", "shirtses"]),
        ("watches", ["watch", "watche", "watcheses"]),
        ("watch", ["watchs", "watches"]),
        ("accessories", ["accessory", "accessori", "accessorie", "accessorieses"]),
        ("accessory", ["accessories", "accessorys"]),
        ("dress", ["dresses"]),  # not "dres"
    ],
)
def test_plural_and_singular(word, others):
    assert list(inflections(word)) == others
