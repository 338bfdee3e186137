import ir_measures
import numpy as np
import pytest
from ir_measures import RR, P, R, Success, nDCG

from search.evaluation import metrics

# Three queries over a gallery with 2, 1 and 4 relevant items.
HITS = np.array([[True, False, True], [False, False, False], [False, True, True]])
RELEVANT = np.array([2, 1, 4])


@pytest.mark.parametrize(("k", "expected"), [(1, 0.5 / 3), (2, (0.5 + 0.25) / 3), (3, (1 + 0.5) / 3)])
def test_recall(k, expected):
    assert metrics.recall_at(HITS, RELEVANT, k) == pytest.approx(expected)


@pytest.mark.parametrize(("k", "expected"), [(1, 1 / 3), (2, 2 / 3), (3, 2 / 3)])
def test_success(k, expected):
    assert metrics.success_at(HITS, k) == pytest.approx(expected)


def test_precision():
    assert metrics.precision_at(HITS, 2) == pytest.approx((1 + 0 + 1) / 6)


def test_reciprocal_rank():
    assert metrics.mean_reciprocal_rank(HITS) == pytest.approx((1 + 0 + 0.5) / 3)
    assert metrics.first_ranks(HITS).tolist() == [1, 0, 2]


def test_ndcg():
    second, third = 1 / np.log2(3), 1 / np.log2(4)
    first = (1 + third) / (1 + second)
    last = (second + third) / (1 + second + third)
    assert metrics.ndcg_at(HITS, RELEVANT, 3) == pytest.approx((first + 0 + last) / 3)


def test_a_query_without_a_relevant_item_is_refused():
    with pytest.raises(ValueError, match="without a relevant item"):
        metrics.recall_at(HITS, np.array([2, 0, 4]), 1)


def test_every_metric_says_what_ir_measures_says():
    random = np.random.default_rng(11)
    # 40 queries with 1 to 6 relevant among 30 documents, of which the first 12 of a random order are listed.
    relevant = random.integers(1, 7, size=40)
    orders = [random.permutation(30)[:12] for _ in relevant]
    hits = np.stack([order < count for order, count in zip(orders, relevant, strict=True)])
    truth = {str(query): {str(each): 1 for each in range(count)} for query, count in enumerate(relevant)}
    answer = {
        str(query): {str(each): 1.0 / rank for rank, each in enumerate(order, start=1)}
        for query, order in enumerate(orders)
    }
    for k in (1, 3, 10, 12, 20):
        theirs = ir_measures.calc_aggregate([R @ k, Success @ k, P @ k, nDCG @ k], truth, answer)
        assert metrics.recall_at(hits, relevant, k) == pytest.approx(theirs[R @ k])
        assert metrics.success_at(hits, k) == pytest.approx(theirs[Success @ k])
        assert metrics.precision_at(hits, k) == pytest.approx(theirs[P @ k])
        assert metrics.ndcg_at(hits, relevant, k) == pytest.approx(theirs[nDCG @ k])
    reciprocal = {each.query_id: each.value for each in ir_measures.iter_calc([RR], truth, answer)}
    assert metrics.mean_reciprocal_rank(hits) == pytest.approx(np.mean(list(reciprocal.values())))
    ranks = metrics.first_ranks(hits)
    assert [1 / rank if rank else 0.0 for rank in ranks] == pytest.approx(
        [reciprocal[str(query)] for query in range(40)]
    )
