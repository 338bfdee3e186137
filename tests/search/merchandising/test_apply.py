import random
from datetime import UTC, datetime

from search.merchandising.apply import apply_rules, free_places
from search.merchandising.rules import Rule

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LIST = [("a", 1.0), ("b", 0.8), ("c", 0.6), ("d", 0.2)]


def rule(id: int, action: str, key: str = "", **values) -> Rule:
    return Rule(id=id, action=action, product_key=key, sku=key.upper(), phrase="shoes", **values)


def keys(applied) -> list[str]:
    return [key for key, _ in applied.items]


def test_without_rules_nothing_changes():
    applied = apply_rules([], LIST)
    assert (applied.items, applied.fired, applied.conflicts) == (LIST, [], [])


def test_pins_stand_at_their_places_and_say_so():
    applied = apply_rules([rule(1, "pin", "d"), rule(2, "pin", "a", position=3)], LIST, now=NOW)
    assert applied.items == [("d", 0.2), ("b", 0.8), ("a", 1.0), ("c", 0.6)]
    assert applied.fired == [
        (1, "Pins D first for 'shoes'", "d"),
        (2, "Pins A third for 'shoes'", "a"),
    ]


def test_a_pin_behind_the_end_stands_at_the_end():
    assert keys(apply_rules([rule(1, "pin", "a", position=30)], LIST)) == ["b", "c", "d", "a"]


def test_a_pinned_product_that_was_not_found_comes_in_only_if_it_meets_the_filters():
    pins = [rule(1, "pin", "x", position=2), rule(2, "pin", "y")]
    applied = apply_rules(pins, LIST, fetched=["x"])
    assert keys(applied) == ["a", "x", "b", "c", "d"]
    assert [fired.rule_id for fired in applied.fired] == [1]
    assert keys(apply_rules(pins, [], fetched=["y", "x"])) == ["y", "x"]


def test_the_older_rule_keeps_a_contested_place():
    applied = apply_rules([rule(9, "pin", "a"), rule(2, "pin", "c"), rule(5, "pin", "b", position=2)], LIST)
    assert keys(applied) == ["c", "b", "a", "d"]
    assert [conflict.sentence for conflict in applied.conflicts] == [
        "Rules 2 and 9 pin to place 1: C of the older rule 2 keeps it, A takes the next free place."
    ]


def test_hide_beats_pin_and_leaves_the_set():
    applied = apply_rules([rule(1, "pin", "b"), rule(2, "hide", "b")], LIST)
    assert keys(applied) == ["a", "c", "d"]
    assert [(fired.rule_id, fired.product_key) for fired in applied.fired] == [(2, "b")]
    assert applied.conflicts[0].sentence == "Rule 2 hides B, which rule 1 pins: it stays hidden."


def test_a_value_is_hidden_wherever_products_bear_it():
    tokens = {"a": ["brand=Nike"], "x": ["brand=Nike"]}
    rules = [rule(1, "hide", token="brand=Nike"), rule(2, "pin", "x")]
    applied = apply_rules(rules, LIST, tokens=tokens, fetched=["x"])
    assert keys(applied) == ["b", "c", "d"]
    assert (
        applied.conflicts[0].sentence == "Rule 1 hides X (as brand Nike), which rule 2 pins: it stays hidden."
    )


def test_strengths_are_shares_of_the_distance_from_first_to_last():
    for strength, expected in (("slightly", 0.4), ("clearly", 0.6), ("strongly", 1.0)):
        applied = apply_rules([rule(1, "boost", "d", strength=strength)], LIST)
        assert round(dict(applied.items)["d"], 9) == expected
    assert keys(apply_rules([rule(1, "boost", "d", strength="strongly")], LIST)) == ["a", "d", "b", "c"]
    applied = apply_rules([rule(1, "bury", token="colour=Red")], LIST, tokens={"a": ["colour=Red"]})
    assert keys(applied) == ["b", "a", "c", "d"]
    assert round(dict(applied.items)["a"], 9) == 0.6


def test_boost_and_bury_add_up():
    rules = [rule(1, "boost", "c", strength="strongly"), rule(2, "bury", "c", strength="slightly")]
    applied = apply_rules(rules, LIST)
    assert keys(applied) == ["c", "a", "b", "d"]
    assert applied.conflicts[0].sentence == (
        "Rule 1 boosts and rule 2 buries C: both count, so it is lifted by the difference."
    )


def test_a_list_without_scores_has_the_boosted_first_and_the_buried_last():
    rules = [rule(1, "boost", "c", strength="slightly"), rule(2, "bury", "a", strength="slightly")]
    assert keys(apply_rules(rules, [(key, 0.0) for key in "abcd"])) == ["c", "b", "d", "a"]


def test_boosts_stay_inside_their_tier():
    boost = [rule(1, "boost", "d", strength="strongly")]
    items = [*LIST, ("e", 0.0)]
    applied = apply_rules(boost, items, tiers=[2])
    assert keys(applied) == ["a", "b", "d", "c", "e"]
    assert keys(apply_rules(boost, items)) == ["d", "a", "b", "c", "e"]


def test_an_order_that_is_not_by_score_is_spread_again_only_where_a_boost_moved_something():
    spread_order = [("a", 1.0), ("c", 0.6), ("b", 0.8)]
    calls = []

    def spread(tiers):
        calls.append(tiers)
        return [key for tier in tiers for key in reversed(tier)]

    assert keys(apply_rules([rule(1, "hide", "c")], spread_order, spread=spread)) == ["a", "b"]
    assert keys(apply_rules([rule(1, "boost", "z")], spread_order, spread=spread)) == ["a", "c", "b"]
    assert calls == []
    assert keys(apply_rules([rule(1, "boost", "a")], spread_order, spread=spread)) == ["c", "b", "a"]
    assert calls == [[["a", "b", "c"]]]


def test_free_places():
    assert free_places({"a": 1, "b": 1, "c": 2, "d": 9}) == {"a": 0, "b": 1, "c": 2, "d": 8}


def test_nothing_is_doubled_or_lost_but_what_is_hidden():
    dice = random.Random(4)
    for _ in range(500):
        products = [f"p{number}" for number in range(dice.randint(0, 12))]
        items = [(key, round(dice.random(), 2)) for key in products]
        tokens = {key: {f"brand={dice.choice('XYZ')}"} for key in [*products, "f1", "f2"]}
        rules = [
            rule(
                number,
                action,
                *([] if by_value else [dice.choice([*products, "f1", "f2", "gone"])]),
                token=f"brand={dice.choice('XYZ')}" if by_value else "",
                position=dice.randint(1, 6),
                strength=dice.choice(["slightly", "clearly", "strongly"]),
            )
            for number in range(dice.randint(0, 8))
            for action in [dice.choice(["pin", "hide", "boost", "bury"])]
            for by_value in [action != "pin" and dice.random() < 0.4]
        ]
        applied = apply_rules(rules, items, tokens=tokens, fetched=["f1", "f2"], tiers=[3], now=NOW)
        shown = keys(applied)
        hidden = {
            key for key in tokens for one in rules if one.action == "hide" and one.concerns(key, tokens[key])
        }
        pinned = {one.product_key for one in rules if one.action == "pin"}
        assert len(shown) == len(set(shown))
        assert set(shown) == (set(products) | ({"f1", "f2"} & pinned)) - hidden
        dice.shuffle(rules)
        again = apply_rules(rules, items, tokens=tokens, fetched=["f2", "f1"], tiers=[3], now=NOW)
        assert again == applied
