import numpy as np
import pytest

from search.encoders.proposals import candidates, distinct, overlap


def cells(rows, columns, *pieces):
    """A floor of one direction, with pieces (top, left, bottom, right) of a direction each."""
    made = np.zeros((rows, columns, 4), dtype=np.float32)
    made[..., 0] = 1.0
    for number, (top, left, bottom, right) in enumerate(pieces, start=1):
        made[top:bottom, left:right] = np.eye(4)[number]
    return made


def test_what_stands_out_of_its_surroundings_is_a_candidate():
    assert candidates(cells(7, 6, (2, 1, 5, 4)), 1) == [pytest.approx((1 / 6, 2 / 7, 4 / 6, 5 / 7))]


def test_two_pieces_are_two_candidates():
    found = candidates(cells(7, 6, (0, 0, 3, 3), (4, 3, 7, 6)), 8)
    for piece in ((0, 0, 3 / 6, 3 / 7), (3 / 6, 4 / 7, 1, 1)):
        assert max(overlap(piece, box) for box in found[:4]) == pytest.approx(1.0)


def test_no_candidate_is_the_whole_photo_or_the_same_as_another():
    found = candidates(cells(7, 6, (1, 1, 6, 5)), 100)
    assert len(found) == len(set(found)) > 2
    assert (0.0, 0.0, 1.0, 1.0) not in found
    assert all(overlap(one, other) < 0.5 for one in found for other in found if one is not other)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (2, 1), (1, 5)])
def test_a_map_that_is_too_small_has_no_candidates(size):
    assert candidates(cells(*size), 3) == []


def test_overlap_is_the_intersection_over_the_union():
    assert overlap((0, 0, 0.5, 1), (0.25, 0, 0.75, 1)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 0.5, 0.5), (0.5, 0.5, 1, 1)) == 0.0


def test_of_boxes_that_are_nearly_the_same_the_first_is_kept():
    boxes = [(0.0, 0.0, 0.5, 0.5), (0.0, 0.0, 0.5, 0.55), (0.6, 0.6, 1.0, 1.0), (0.6, 0.0, 1.0, 0.4)]
    assert distinct(boxes, 2) == [boxes[0], boxes[2]]


def test_of_boxes_around_one_middle_the_first_is_kept():
    inner, outer, beside = (0.4, 0.4, 0.6, 0.6), (0.1, 0.1, 0.9, 0.9), (0.65, 0.1, 0.95, 0.9)
    assert distinct([inner, outer, beside], 3) == [inner, beside]
