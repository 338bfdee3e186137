"""Searches with slips."""

import pytest

from search.engine import search
from search.indexing.lexicons import refresh_word_list
from tests.search.indexed import add


def skus(answer):
    return [result.card.sku for result in answer.results]


@pytest.fixture
def shop(version):
    for number in range(5):
        add(version, f"s{number}", "Striped shirt")
    assert refresh_word_list()
    return version


def test_a_slip_is_corrected_and_said(shop):
    answer = search("stripped shrit")
    assert (answer.query, answer.typed, answer.is_corrected) == ("stripped shirt", "stripped shrit", True)
    assert answer.total == 5


def test_a_slip_is_searched_for_where_that_is_wanted(shop):
    answer = search("shrit", spelling=False)
    assert (answer.query, answer.is_corrected, answer.total) == ("shrit", False, 0)


def test_what_is_right_and_what_is_a_synonym_stays(shop):
    for text in ("striped shirts", "S3", "frock", "goggles"):
        assert not search(text).is_corrected
