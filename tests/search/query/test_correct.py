import pytest

from search.indexing.lexicons import refresh_word_list
from search.models import WordList
from search.query.spelling import correct
from tests.search.indexed import add, make_version


@pytest.fixture
def version(tiny_artifact, search_settings, db):
    version = make_version(tiny_artifact)
    for number in range(12):
        add(version, f"S-{number}", "Striped jeans", brand="Reebok", description="Worn by kurtan dancers.")
    refresh_word_list()
    return version


def test_a_query_is_corrected_against_the_words_of_the_version(version):
    assert correct(version.pk, "rebok jeens").text == "Reebok jeans"


def test_words_of_descriptions_are_right_in_any_inflection(version):
    assert correct(version.pk, "rebok reboks").text == "Reebok Reebok"
    add(version, "S-99", "Hat", description="A rebok in the crowd.")

    correction = correct(version.pk, "rebok reboks")
    assert (correction.text, correction.changed) == ("rebok reboks", ())
    assert correction.perhaps == (("rebok", "reebok"), ("reboks", "reebok"))


def test_a_slip_that_shares_its_stem_with_an_everyday_word_is_corrected(version):
    add(version, "E-1", "Earrings", description="For the ear.")
    refresh_word_list()

    assert correct(version.pk, "earings").text == "earrings"  # its English stem is "ear"


def test_a_slip_with_the_stem_of_the_word_that_was_meant_is_corrected(version):
    add(version, "N-1", "Nike cap", brand="Nike")
    refresh_word_list()

    assert correct(version.pk, "nikee").text == "Nike"  # English stems of both are "nike"


def test_changed_words_are_loaded_by_the_next_query(version):
    assert correct(version.pk, "sneekers") is None
    add(version, "N-4", "Sneakers")
    assert refresh_word_list()

    assert correct(version.pk, "sneekers").text == "sneakers"


def test_extra_words_make_another_speller(version):
    assert correct(version.pk, "jeanz").text == "jeans"
    assert correct(version.pk, "jeanz", frozenset({"jeanz"})) is None


def test_a_query_is_not_corrected_beyond_its_longest(version):
    numbers = "1 " * 97

    assert len(correct(version.pk, f"{numbers}rebok").text) == 200
    assert correct(version.pk, f"1{numbers}rebok") is None


def test_a_version_whose_words_were_not_counted_corrects_nothing(version):
    WordList.objects.all().delete()

    assert correct(version.pk, "rebok") is None


def test_a_loaded_speller_asks_the_database_for_stamp_and_doubts_only(version, django_assert_num_queries):
    correct(version.pk, "jeans")
    with django_assert_num_queries(1):
        correct(version.pk, "reebok jeans interview")
    with django_assert_num_queries(2):
        correct(version.pk, "rebok")
