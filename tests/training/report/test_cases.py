import numpy as np

from training.report.cases import choose

RANKS = np.array([1, 5, 0, 9, 1, 3, 70, 2, 4])


def test_cases_are_the_best_the_middle_and_the_worst_ranks():
    chosen = choose(RANKS, 2, seed=1)
    assert [level for level, _ in chosen] == ["good", "good", "middle", "middle", "bad", "bad"]
    assert [RANKS[row] for _, row in chosen] == [1, 1, 3, 4, 70, 9]


def test_few_queries_give_few_cases_and_none_twice():
    assert [int(RANKS[row]) for _, row in choose(RANKS[:6], 3, seed=1)] == [1, 3, 9]
    assert choose(np.zeros(4, dtype=np.int64), 3, seed=1) == []


def test_equal_ranks_are_drawn_by_lot():
    ranks = np.ones(50, dtype=np.int64)
    assert choose(ranks, 3, seed=1) == choose(ranks, 3, seed=1)
    assert choose(ranks, 3, seed=1) != choose(ranks, 3, seed=2)
