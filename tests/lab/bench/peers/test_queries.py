"""Judged queries of the drawn products: as many of each kind, the same every time, each with right answers."""

from collections import Counter

import pytest

from lab.bench.peers.queries import KINDS_OF_QUERIES, PER_KIND, SYNONYMS, WARM_UP, drawn_queries
from search.evaluation.judged_queries import is_right

from .drawn import drawn_products


@pytest.fixture(scope="module")
def products():
    return drawn_products(3000)


def test_each_kind_has_as_many_and_all_are_different():
    queries = drawn_queries()
    assert Counter(query.kind for query in queries) == dict.fromkeys(KINDS_OF_QUERIES, PER_KIND)
    assert len({query.text for query in queries}) == len(queries)
    assert queries == drawn_queries()
    assert not {query.text for query in queries} & set(WARM_UP)


def test_nearly_all_have_right_answers_and_none_is_answered_by_everything(products):
    counts = {
        query.text: sum(is_right(query, one.key.lower(), one.columns, one.price) for one in products)
        for query in drawn_queries()
    }
    assert sum(count > 0 for count in counts.values()) >= 0.9 * len(counts)
    assert max(counts.values()) < len(products) / 4


def test_negation_and_prices_are_part_of_the_rule(products):
    by_kind = {query.kind: query for query in drawn_queries(1)}
    negated, priced = by_kind["negation"], by_kind["prices"]
    (word,) = negated.without["pattern"]
    of_kind = {"article_type": negated.fields["article_type"]}
    assert negated.text.endswith(f" not {word.lower()}")
    assert not is_right(negated, "d1", {**of_kind, "pattern": [word]}, 1)
    assert is_right(negated, "d1", {**of_kind, "pattern": ["Another"]}, 1)
    assert priced.text.endswith(f" under {priced.price_max:.0f}")
    assert not is_right(priced, "d1", priced.fields, priced.price_max + 1)


def test_no_product_holds_a_word_that_stands_for_a_synonym(products):
    words = {word.strip(".,()").lower() for one in products for word in one.text.split()}
    assert words & set(SYNONYMS) == set()
