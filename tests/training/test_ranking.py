import numpy as np
import pytest

from training.ranking import figures_of, first_relevant_ranks, hits_of, nearest, rows_by_value

GALLERY = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [0.8, 0.6]], dtype=np.float32)
QUERIES = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)


def test_the_nearest_come_first():
    assert nearest(QUERIES, GALLERY, 3).tolist() == [[0, 3, 2], [1, 2, 3]]
    assert nearest(QUERIES, GALLERY, 9).tolist() == [[0, 3, 2, 1], [1, 2, 3, 0]]


def test_a_query_never_finds_itself():
    found = nearest(GALLERY, GALLERY, 10, itself=np.arange(4))
    assert found.tolist() == [[3, 2, 1], [2, 3, 0], [3, 1, 0], [2, 0, 1]]
    assert nearest(QUERIES, GALLERY, 2, itself=np.array([0, -1])).tolist() == [[3, 2], [1, 2]]


def test_more_queries_than_fit_a_block_are_ranked_alike():
    queries = np.tile(QUERIES, (300, 1))
    assert nearest(queries, GALLERY, 2).tolist() == [[0, 3], [1, 2]] * 300
    ranks = first_relevant_ranks(queries, GALLERY, [np.array([2]), np.array([0, 3])] * 300)
    assert ranks.tolist() == [3, 3] * 300


def test_the_best_relevant_row_gives_the_rank():
    relevant = [np.array([1, 3]), np.array([1])]
    assert first_relevant_ranks(QUERIES, GALLERY, relevant).tolist() == [2, 1]


def test_figures_by_hand():
    relevant = [np.array([1, 3]), np.array([0])]
    hits = hits_of(nearest(QUERIES, GALLERY, 3), relevant)
    assert hits.tolist() == [[False, True, False], [False, False, False]]
    figures = figures_of(hits, np.array([2, 1]))
    assert figures == {
        "recall@1": 0.0,
        "recall@5": 0.25,
        "recall@10": 0.25,
        "success@1": 0.0,
        "success@5": 0.5,
        "success@10": 0.5,
        "precision@1": 0.0,
        "precision@10": pytest.approx(0.05),
        "ndcg@10": pytest.approx(0.5 * (1 / np.log2(3)) / (1 + 1 / np.log2(3))),
        "mrr@10": 0.25,
    }


def test_rows_of_each_value():
    rows = rows_by_value(["b", "a", "b"])
    assert {value: found.tolist() for value, found in rows.items()} == {"b": [0, 2], "a": [1]}
