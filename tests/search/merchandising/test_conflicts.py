from datetime import UTC, datetime

import pytest

from search.merchandising.conflicts import find_conflicts
from search.merchandising.rules import Rule

MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def rule(id: int, action: str, key: str = "a", **values) -> Rule:
    return Rule(id=id, action=action, product_key=key, sku=key.upper(), **{"phrase": "shoes", **values})


def found(*rules: Rule, tokens=None) -> dict[int, list[str]]:
    return find_conflicts(rules, tokens or {}, "english")


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        (
            rule(1, "pin"),
            rule(2, "pin", position=4),
            "Rules 1 and 2 pin A to two places: the older rule 1 wins, it stands at place 1.",
        ),
        (rule(1, "pin"), rule(2, "pin"), "Rules 1 and 2 both pin A to place 1: one is enough."),
        (rule(1, "hide"), rule(2, "hide"), "Rules 1 and 2 both hide A: one of them is enough."),
        (
            rule(2, "pin"),
            rule(1, "bury"),
            "Rule 2 pins A, which rule 1 buries: it stands at place 1, rule 1 does nothing.",
        ),
        (
            rule(1, "hide", "", token="brand=Nike"),
            rule(2, "boost", "", token="brand=Nike"),
            "Rule 1 hides brand Nike, which rule 2 boosts: it stays hidden, rule 2 does nothing.",
        ),
        (
            rule(1, "boost", "", token="brand=Nike"),
            rule(2, "bury", "", token="brand=Nike"),
            "Rule 1 boosts and rule 2 buries brand Nike: both count, so it is neither lifted nor lowered.",
        ),
    ],
)
def test_both_rules_tell_the_outcome(one, other, sentence):
    assert found(one, other) == {1: [sentence], 2: [sentence]}


def test_rules_that_do_not_contradict_each_other():
    assert found(rule(1, "pin"), rule(2, "pin", "b", position=2), rule(3, "hide", "c")) == {}
    assert found(rule(1, "pin"), rule(2, "boost", "", token="brand=Nike"), tokens={"a": ["brand=Nike"]}) == {}
    assert found(rule(1, "boost"), rule(2, "boost", "", token="brand=Nike")) == {}


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ({"phrase": "red shoes"}, {"phrase": "shoe", "place": "contains"}, True),
        ({"phrase": "shoe", "place": "contains"}, {"phrase": "red shoes", "place": "contains"}, True),
        ({"phrase": "Red Shoe"}, {"phrase": "red shoes"}, True),
        ({"phrase": "red shoes", "place": "contains"}, {"phrase": "shoes"}, False),
        ({"phrase": "shoes"}, {"phrase": "shoes", "place": "category"}, False),
        ({"phrase": "Shoes", "place": "category"}, {"phrase": "shoes", "place": "category"}, True),
        ({"ends": MAY}, {"starts": MAY}, False),
        ({"ends": JUNE}, {"starts": MAY}, True),
    ],
)
def test_rules_meet_where_place_and_schedule_meet(one, other, meet):
    for first, second in ((one, other), (other, one)):
        assert bool(found(rule(1, "pin", **first), rule(2, "hide", **second))) is meet


def test_a_hidden_value_conflicts_with_a_pinned_product_that_bears_it():
    conflicts = found(rule(1, "pin"), rule(2, "hide", "", token="brand=Nike"), tokens={"a": ["brand=Nike"]})
    assert conflicts[1] == ["Rule 2 hides A (as brand Nike), which rule 1 pins: it stays hidden."]
