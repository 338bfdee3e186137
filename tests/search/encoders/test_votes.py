"""What the pictures nearest to a photo vote for, and how sure that is."""

from math import exp, log

import numpy as np
import pytest

from search.encoders.votes import (
    COMMONNESS,
    TEMPERATURE,
    Calibration,
    Judged,
    Voter,
    count_votes,
    deepest,
    fit,
    judge,
    share_of,
)

SHOES, SANDALS, SHIRTS = ("Footwear", "Shoes"), ("Footwear", "Sandals"), ("Apparel", "Shirts")
SURE = Calibration(share=1.0, similarity=0.0, constant=0.0)


def shares(voters, common=None):
    return {tally.value: tally.share for tally in count_votes(voters, common or {})}


def test_what_lies_above_a_value_gets_its_votes():
    voters = [Voter(0.9, [SHOES]), Voter(0.9, [SANDALS]), Voter(0.9, [SHIRTS]), Voter(0.9, [SHOES])]
    assert shares(voters) == {
        "Footwear": 0.75, "Shoes": 0.5, "Sandals": 0.25, "Apparel": 0.25, "Shirts": 0.25,
    }  # fmt: skip


def test_the_nearer_weighs_more_and_the_common_less():
    near, far = Voter(0.9, [("Red",)]), Voter(0.9 - TEMPERATURE, [("Blue",)])
    assert shares([near, far])["Red"] == pytest.approx(1 / (1 + exp(-1)))
    common = {"Red": 0.5, "Blue": 0.125}
    found = shares([near, near._replace(paths=[("Blue",)])], common)
    assert found["Blue"] / found["Red"] == pytest.approx(4**COMMONNESS)


def test_several_values_share_a_vote_and_who_has_none_does_not_vote():
    voters = [Voter(0.9, [("Red",), ("Blue",)]), Voter(0.9, [("Red",)]), Voter(0.95, []), Voter(0.95, [()])]
    assert shares(voters) == {"Red": 0.75, "Blue": 0.25}
    assert count_votes([Voter(0.9, [])], {}) == []


def test_a_product_is_what_was_voted_for_by_the_mean_share_of_its_values():
    voted = shares([Voter(0.9, [SHOES]), Voter(0.9, [SHOES]), Voter(0.9, [SANDALS]), Voter(0.9, [SHIRTS])])
    assert [share_of(path, voted) for path in (SHOES, SANDALS, SHIRTS)] == [0.625, 0.5, 0.25]
    assert (share_of(["Home"], voted), share_of([], voted)) == (0.0, 0.0)


def test_the_deepest_value_that_is_sure_is_said():
    tallies = count_votes([Voter(0.9, [SHOES])] * 7 + [Voter(0.9, [SANDALS])] * 3, {})
    said = [
        deepest(tallies, lambda tally: SURE.confidence(tally.share, 0.9), least) for least in (0.6, 0.8, 1.0)
    ]
    assert [tally and tally.path for tally in said] == [("Footwear", "Shoes"), ("Footwear",), None]


def test_the_likeliest_value_of_each_level_is_judged():
    tallies = count_votes([Voter(0.9, [SHOES]), Voter(0.9, [SHOES]), Voter(0.9, [SHIRTS])], {})
    assert judge(tallies, 0.9, SANDALS) == [
        Judged(pytest.approx(2 / 3), 0.9, False),  # Shoes
        Judged(pytest.approx(2 / 3), 0.9, True),  # Footwear
    ]


def test_a_calibration_says_how_often_guesses_are_right():
    random = np.random.default_rng(1)
    votes, similarity = random.uniform(0.05, 0.95, 20_000), random.uniform(0.6, 1.0, 20_000)
    true = 1 / (1 + np.exp(-(0.5 * np.log(votes / (1 - votes)) + 4 * similarity - 3)))
    right = random.random(20_000) < true
    found = fit(Judged(*row) for row in zip(votes, similarity, right, strict=True))
    assert found.share == pytest.approx(0.5, abs=0.05)
    expected = 1 / (1 + exp(-(0.5 * log(0.7 / 0.3) + 4 * 0.8 - 3)))
    assert found.confidence(0.7, 0.8) == pytest.approx(expected, abs=0.01)
