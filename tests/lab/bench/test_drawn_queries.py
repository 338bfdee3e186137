"""Queries for the drawn catalogue."""

from lab.bench.drawn_queries import BY_HAND, mixed_queries


def test_queries_are_different_and_the_same_every_time():
    queries = mixed_queries(100)
    assert len(set(queries)) == 100
    assert queries == mixed_queries(100)
    assert tuple(queries[: len(BY_HAND)]) == BY_HAND


def test_fewer_are_the_first_of_more():
    assert mixed_queries(10) == mixed_queries(100)[:10]
    assert mixed_queries(40) == mixed_queries(100)[:40]


def test_some_state_a_price_and_none_leaves_a_word_open():
    queries = mixed_queries(100)
    assert 5 <= sum(" under " in query for query in queries) <= 20
    assert [query for query in queries if "{" in query or query != query.lower()] == []
