import time

import pytest

from search.exceptions import InvalidQuery
from search.query.parse import clean_query
from search.text import clean_text


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  red\tshirt\n", "red shirt"),
        ("cafe\u0301", "café"),
        ("red\u200bshirt\u202e", "redshirt"),
        ("a\x07b\x7fc", "a b c"),
        ("\x01\x02", ""),
        ("", ""),
        ("😀 لباس", "😀 لباس"),
    ],
)
def test_text_is_normalised(typed, cleaned):
    assert clean_query(typed).text == cleaned


def test_both_unicode_forms_of_a_word_are_one_query():
    assert clean_query("cafe\u0301 noir") == clean_query("café noir")


@pytest.mark.parametrize(
    ("typed", "code", "sentence"),
    [
        ("a\x00b", "invalid_character", "q holds a NUL character; remove it."),
        ("a\ud83d", "invalid_character", "q holds half a surrogate pair; send valid UTF-8."),
        ("a" * 201, "too_long", "q is longer than 200 characters; shorten it to that."),
        ("a " * 2000, "too_long", "q is longer than 200 characters; shorten it to that."),
    ],
)
def test_what_postgres_or_the_encoder_cannot_take_is_refused(typed, code, sentence):
    with pytest.raises(InvalidQuery) as caught:
        clean_query(typed)

    assert (caught.value.code, caught.value.sentence) == (code, sentence)


def test_a_megabyte_is_refused_at_once():
    started = time.perf_counter()

    with pytest.raises(InvalidQuery):
        clean_query("words " * 170_000)

    assert time.perf_counter() - started < 0.05


def test_two_hundred_characters_are_accepted():
    assert clean_text("é" * 200, "q") == "é" * 200
    assert clean_text("e\u0301" * 200, "q") == "é" * 200


def test_a_query_is_taken_apart():
    query = clean_query('Red "running shoes" -nike -"track suit" OR red - 😀')

    assert query.wanted == "Red running shoes OR red - 😀"
    assert query.has_words
    assert query.excluded == ("nike", "track suit")


def test_a_hyphenated_word_excludes_nothing():
    query = clean_query("t-shirt v-neck")

    assert (query.wanted, query.excluded) == ("t-shirt v-neck", ())


@pytest.mark.parametrize("typed", ["😀😀", "--- !!!", "", "-red", "or -- OR"])
def test_a_query_may_be_left_without_words(typed):
    assert not clean_query(typed).has_words
