import pytest

from search.conf import Weights, get_settings, other_settings
from search.evaluation.judged_queries import JudgedQuery
from search.evaluation.tuning import count_tries, split, tries_of, tune


def judged(count, kind="a"):
    return [(JudgedQuery(text=f"{kind}{number}", kind=kind), frozenset({"right"})) for number in range(count)]


def test_a_third_of_each_kind_is_held_back_the_same_every_time():
    queries = [*judged(6), *judged(3, "b")]
    on, held_back = split(queries)
    assert sorted(pair[0].text for pair in (*on, *held_back)) == sorted(pair[0].text for pair in queries)
    assert [pair[0].kind for pair in held_back] == ["a", "a", "b"]
    assert split(queries[::-1]) == (on, held_back)


def test_shares_stay_shares():
    assert [weights.image for weights in tries_of(Weights(image=0.8), "image")] == [0.4, 0.6, 1.08, 1.6]
    assert [weights.title for weights in tries_of(Weights(title=0.8), "title")] == [0.4, 0.6]


def ask_with(best):
    """Answers rightly at rank 1 where the weight of colours is at least `best`, else at rank 2."""

    def ask(text):
        right = get_settings().weights.colour >= best or text in ("a0", "a1")
        return (["right", "wrong"] if right else ["wrong", "right"]), 2

    return ask


def test_a_weight_that_helps_is_kept_and_told_on_the_queries_held_back():
    best = []
    found = tune(judged(9), rounds=2, ask=ask_with(3.0), report=best.append)
    assert found.changed == {"colour": 4.0}
    assert (found.tuned[1].mrr, found.held_back[1].mrr) == (1.0, 1.0)
    assert found.tuned[0].mrr < 1
    assert found.holds
    assert found.settled
    assert not tune(judged(9), rounds=1, ask=ask_with(3.0)).settled
    assert sorted(best) == best
    assert len(best) <= 2 * count_tries()
    assert get_settings().weights == Weights()


def test_where_nothing_helps_the_weights_stay():
    found = tune(judged(9), rounds=5, ask=ask_with(0.0))
    assert (found.changed, found.holds) == ({}, True)
    assert found.weights == Weights()


def test_with_too_few_queries_to_hold_any_back_nothing_holds():
    found = tune(judged(2), rounds=1, ask=ask_with(0.0))
    assert (found.held_back, found.holds) == (None, False)


def test_what_helps_the_tuned_queries_and_harms_the_others_does_not_hold():
    on, _ = split(judged(9))
    tuned_on = {query.text for query, _ in on}

    def ask(text):
        right = (get_settings().weights.colour >= 3) == (text in tuned_on)
        return (["right", "wrong"] if right else ["wrong", "right"]), 2

    assert not tune(judged(9), rounds=1, ask=ask).holds


def test_with_two_queries_none_is_held_back():
    assert tune(judged(2), rounds=1, ask=ask_with(0.0)).held_back is None


def test_queries_without_a_right_answer_cannot_be_tuned_on():
    with pytest.raises(ValueError, match="No query has a right answer"):
        tune([(JudgedQuery(text="a"), frozenset())], rounds=1)


def test_other_settings_hold_inside_only_and_weights_are_united(settings):
    settings.FASHION_SEARCH = {"WEIGHTS": {"image": 0.7}, "RESULTS": 50}
    with other_settings({"WEIGHTS": {"colour": 9}, "VARIANTS": 0}):
        inside = get_settings()
        assert (inside.weights.image, inside.weights.colour) == (0.7, 9.0)
        assert (inside.results, inside.variants) == (50, 0)
    assert (get_settings().weights.colour, get_settings().variants) == (2.0, 3)
