import numpy as np
import pytest

from training.report.ranking import rank

GALLERY = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]], dtype=np.float32)


def test_the_first_relevant_item_has_its_rank_even_beyond_the_list():
    ranking = rank(GALLERY[:1], GALLERY, lambda row: np.array([False, False, True]), k=2)
    assert ranking.nearest.tolist() == [[0, 1]]
    assert ranking.similarity[0] == pytest.approx([1.0, 0.8])
    assert ranking.relevant.tolist() == [[False, False]]
    assert (ranking.first[0], ranking.wanted[0], ranking.wanted_similarity[0]) == (3, 2, 0.0)


def test_a_query_with_nothing_relevant_has_rank_zero():
    ranking = rank(GALLERY[:1], GALLERY, lambda row: np.zeros(3, dtype=bool))
    assert (ranking.first[0], ranking.wanted[0]) == (0, -1)


def test_a_picture_never_finds_itself():
    ranking = rank(GALLERY, GALLERY, lambda row: np.ones(3, dtype=bool), leave_out_self=True)
    assert ranking.nearest.tolist() == [[1, 2], [0, 2], [1, 0]]
    assert ranking.first.tolist() == [1, 1, 1]
