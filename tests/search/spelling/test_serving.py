import pytest

from search.models import WordList
from search.spelling import correct
from search.suggesting.refreshing import refresh_word_list
from tests.search.indexed import add, make_version


@pytest.fixture
def version(tiny_artifact, search_settings, db):
    version = make_version(tiny_artifact)
    for number in range(3):
        add(version, f"S-{number}", "Striped jeans", brand="Reebok", description="Worn by kurtan dancers.")
    refresh_word_list()
    return version


def test_a_query_is_corrected_against_the_words_of_the_version(version):
    assert correct(version.pk, "rebok jeens").text == "Reebok jeans"


def test_words_of_descriptions_are_right_in_any_inflection(version):
    assert correct(version.pk, "striper") is not None
    WordList.objects.all().delete()
    add(version, "S-9", "Hat", description="A striper among hats.")
    refresh_word_list()
    assert correct(version.pk, "stripers") is None


def test_a_slip_with_the_stem_of_the_word_that_was_meant_is_corrected(version):
    add(version, "N-1", "Nike cap", brand="Nike")
    refresh_word_list()

    assert correct(version.pk, "nikee").text == "Nike"  # English stems of both are "nike"


def test_changed_words_are_loaded_by_the_next_query(version):
    assert correct(version.pk, "sneekers") is None
    add(version, "S-4", "Sneakers")
    assert refresh_word_list()

    assert correct(version.pk, "sneekers").text == "sneakers"


def test_extra_words_make_another_speller(version):
    assert correct(version.pk, "jeanz").text == "jeans"
    assert correct(version.pk, "jeanz", frozenset({"jeanz"})) is None


def test_a_version_whose_words_were_not_counted_corrects_nothing(version):
    WordList.objects.all().delete()

    assert correct(version.pk, "rebok") is None


def test_a_loaded_speller_asks_the_database_for_stamp_and_doubts_only(version, django_assert_num_queries):
    correct(version.pk, "jeans")
    with django_assert_num_queries(1):
        correct(version.pk, "reebok jeans interview")
    with django_assert_num_queries(2):
        correct(version.pk, "rebok")
