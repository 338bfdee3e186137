import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.facets import (
    FacetValue,
    facet_of,
    group_by_facet,
    has_value,
    parse_token,
    parse_typed,
    prefix_of,
    token_of,
    tokens_of,
    value_of,
    values_of,
)

NAMES = st.text(min_size=1).filter(lambda name: "=" not in name)


@given(facet=NAMES, value=st.text())
def test_a_token_is_read_as_it_was_written(facet, value):
    token = token_of(facet, value)
    assert parse_token(token) == FacetValue(facet, value)
    assert (facet_of(token), value_of(token)) == (facet, value)
    assert token == prefix_of(facet) + value
    assert has_value(token) == bool(value.strip())


@given(st.dictionaries(NAMES, st.lists(st.text(), min_size=1, unique=True)))
def test_values_of_facets_come_back_by_facet_and_in_order(facets):
    tokens = tokens_of(facets)
    assert group_by_facet(tokens) == facets
    assert list(group_by_facet(tokens)) == list(facets)
    for facet, values in facets.items():
        assert values_of(facet, tokens) == values


def test_a_value_may_hold_the_sign_and_comes_once():
    assert tokens_of({"size": ["a=b", "a=b", "8"]}) == ["size=a=b", "size=8"]
    assert parse_token("size=a=b") == ("size", "a=b")
    assert values_of("size", ["size=a=b", "sizes=9", "size="]) == ["a=b", ""]


def test_a_text_without_the_sign_is_a_facet_without_a_value():
    assert parse_token("size") == ("size", "")
    assert not has_value("size")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (" colour = Navy Blue ", ("colour", "Navy Blue")),
        ("size=a=b", ("size", "a=b")),
        ("colour=", ("colour", "")),
        ("navy blue", None),
    ],
)
def test_what_a_person_typed(text, read):
    assert parse_typed(text) == read
