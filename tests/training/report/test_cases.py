import dataclasses

import numpy as np
import pytest

from tests.training.products import product
from tests.training.report.subjects import subject
from training.report.cases import Answers, Group, Share, choose, groups, rank

RANKS = np.array([1, 5, 0, 9, 1, 3, 70, 2, 4])


def test_cases_are_the_best_the_middle_and_the_worst_ranks():
    chosen = choose(RANKS, 2, seed=1)
    assert [level for level, _ in chosen] == ["good", "good", "middle", "middle", "bad", "bad"]
    assert [RANKS[row] for _, row in chosen] == [1, 1, 3, 4, 70, 9]


def test_few_queries_give_few_cases_and_none_twice():
    assert [int(RANKS[row]) for _, row in choose(RANKS[:6], 3, seed=1)] == [1, 3, 9]
    assert choose(np.zeros(4, dtype=np.int64), 3, seed=1) == []


def test_equal_ranks_are_drawn_at_random():
    ranks = np.ones(50, dtype=np.int64)
    assert choose(ranks, 3, seed=1) == choose(ranks, 3, seed=1)
    assert choose(ranks, 3, seed=1) != choose(ranks, 3, seed=2)


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


@pytest.fixture
def asked():
    """Twelve names of two types; ten pictures of bags stand before those of all hats but one."""
    names = [f"Bag {number}" for number in range(6)] + [f"Hat {number}" for number in range(6)]
    products = [product(name, name=name, article_type=name[:3] + "s") for name in names]
    products += [product(f"more {number}", name="Bag 0", article_type="Bags") for number in range(10)]
    axes = np.eye(13, dtype=np.float32)
    pictures = np.concatenate([axes[:12], np.tile(axes[12:], (10, 1))])
    texts = {name: axes[row] for row, name in enumerate(names)}
    texts |= {name: (0.1 * axes[row] + 0.99 * axes[12]) for row, name in enumerate(names) if row > 6}
    return subject(products=tuple(products), pictures=pictures, texts=texts)


def test_the_worst_group_stands_first(asked):
    assert groups([Answers(asked)], "article_type") == [
        Group("Hats", 6, (Share(pytest.approx(1 / 6), (("Bags", 5),)),)),
        Group("Bags", 6, (Share(1.0, ()),)),
    ]


def test_small_groups_are_shown_together():
    one, two = Answers(subject()), Answers(dataclasses.replace(subject(), label="other"))
    assert groups([one, two], "article_type") == [
        Group("2 others, each under 5 queries", 3, (Share(1.0, ()), Share(1.0, ())))
    ]
