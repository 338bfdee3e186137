from math import log2

import pytest

from search.evaluation.judged_queries import JudgedQuery
from search.evaluation.run import Answered, figures_of


def answered(text, kind, hits, relevant, total=10, ms=10.0):
    query = JudgedQuery(text=text, kind=kind)
    return Answered(query, relevant, tuple(map(bool, hits)), ("x",) * len(hits), total, ms)


def test_figures_by_hand():
    figures = figures_of(
        [
            answered("a", "one", [1] * 10, 40, ms=10),
            answered("b", "one", [0, 1], 2, ms=20),
            answered("c", "two", [], 5, total=0, ms=30),
        ]
    )
    assert list(figures) == ["all", "one", "two"]
    one = figures["one"]
    assert (one.queries, one.nothing) == (2, 0)
    assert one.precision == pytest.approx((1 + 0.1) / 2)
    assert one.reachable == pytest.approx((1 + 0.5) / 2)
    assert one.mrr == pytest.approx((1 + 0.5) / 2)
    assert one.ndcg == pytest.approx((1 + (1 / log2(3)) / (1 + 1 / log2(3))) / 2)
    assert (figures["two"].precision, figures["two"].nothing) == (0.0, 1)
    assert (figures["all"].queries, figures["all"].p50_ms) == (3, 20.0)


def test_nothing_to_judge_is_said():
    with pytest.raises(ValueError, match="No query has a right answer"):
        figures_of([])
