import pytest

from search.text import keys, split


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
