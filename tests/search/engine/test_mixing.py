"""Lists without words whose neighbours differ at the beginning."""

from search.engine import mix


def test_neighbours_share_as_little_as_can_be_and_the_newest_comes_first():
    marks = [{"Bra", "Beige"}, {"Bra", "Beige"}, {"Bra", "Red"}, {"Shirt", "Beige"}, {"Shirt", "Blue"}]
    assert mix(marks, 3) == [0, 4, 2, 1, 3]
    assert mix(marks, 99) == [0, 4, 2, 3, 1]


def test_what_is_all_alike_stays_as_it_was():
    assert mix([{"Shirt"}] * 4, 4) == [0, 1, 2, 3]
    assert mix([set(), set()], 1) == [0, 1]
    assert mix([], 5) == []
