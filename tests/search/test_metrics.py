import numpy as np
import pytest

from search import metrics

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
