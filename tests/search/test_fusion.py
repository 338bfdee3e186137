from search.fusion import fuse


def test_scores_are_sums_of_weight_over_k_plus_rank():
    fused = fuse([(1.0, ["a", "b"]), (2.0, ["b", "c"])], k=60)

    assert fused == [("b", 1 / 62 + 2 / 61), ("c", 2 / 62), ("a", 1 / 61)]


def test_ties_are_ordered_by_the_item():
    assert [item for item, _ in fuse([(1.0, ["b"]), (1.0, ["a"]), (1.0, ["c"])])] == ["a", "b", "c"]


def test_first_items_come_first_in_their_order_and_keep_their_scores():
    fused = fuse([(1.0, ["a", "b", "c"])], k=1, first=["c", "b"])

    assert fused == [("c", 1 / 4), ("b", 1 / 3), ("a", 1 / 2)]


def test_an_unranked_first_item_is_no_result():
    assert fuse([(1.0, ["a"])], first=["x"]) == [("a", 1 / 61)]


def test_nothing_ranked_gives_nothing():
    assert fuse([]) == []
    assert fuse([(1.0, [])], first=["x"]) == []


def test_a_larger_k_favours_items_that_both_rankings_hold():
    rankings = [(1.0, ["a", "x", "y", "b"]), (1.0, ["c", "z", "w", "b"])]

    assert fuse(rankings, k=1)[0][0] == "a"
    assert fuse(rankings, k=60)[0][0] == "b"
