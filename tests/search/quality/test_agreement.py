import numpy as np
import pytest

from search.quality.health import BINS, Agreement, Agreements, find_disagreeing


def agreements(*similarities: float) -> Agreements:
    return Agreements.of(np.arange(len(similarities)), np.array(similarities))


# The median is 0.8; half of them are within 0.1 of it, so the robust deviation is 0.14826.
USUAL = [0.6, 0.7, 0.8, 0.9, 1.0] * 6 + [0.8]


def test_products_far_below_the_median_are_found_the_least_similar_first():
    found = find_disagreeing(agreements(*USUAL, 0.25, 0.1), 3.5)
    assert (found.compared, found.median) == (33, 0.8)
    assert found.deviation == pytest.approx(0.14826)
    assert found.threshold == pytest.approx(0.8 - 3.5 * 0.14826)
    assert [each.similarity for each in found.found] == [0.1, 0.25]
    assert (len(found.bins), sum(found.bins), found.bins[0]) == (BINS, 33, 1)
    assert (found.lowest, found.highest) == (0.1, 1.0)


def test_the_setting_says_how_far():
    assert [each.similarity for each in find_disagreeing(agreements(*USUAL, 0.25, 0.1), 4).found] == [0.1]


def test_among_few_products_or_equal_ones_nothing_is_usual():
    assert find_disagreeing(agreements(*USUAL[:28], 0.1), 3.5).threshold is None
    assert find_disagreeing(agreements(*[0.8] * 40, 0.1), 3.5).found == ()
    assert find_disagreeing(agreements(), 3.5).compared == 0


def test_equally_similar_ones_come_by_their_entries():
    found = find_disagreeing(agreements(*USUAL, 0.1, 0.0, 0.1), 3.5).found
    assert found == (Agreement(32, 0.0), Agreement(31, 0.1), Agreement(33, 0.1))
