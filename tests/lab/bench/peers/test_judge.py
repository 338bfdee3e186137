"""What an engine's answers are worth."""

from lab.bench.peers.judge import judge
from search.evaluation.judged_queries import JudgedQuery

SHIRTS, TYPOS, NOTHING = (
    JudgedQuery(text="shirt", kind="attributes"),
    JudgedQuery(text="shrt", kind="typos"),
    JudgedQuery(text="xyzzy", kind="typos"),
)


def test_right_answers_are_counted_by_kind_and_queries_without_one_are_left_out():
    right = [frozenset({"d1", "d2", "d3", "d4", "d5"}), frozenset({"d1"}), frozenset()]
    answers = [["D1", "D9", "D2"], [], ["D1"]]
    figures = judge([SHIRTS, TYPOS, NOTHING], right, answers, [2.0, 4.0, 99.0])
    assert {kind: of["queries"] for kind, of in figures.items()} == {"all": 2, "attributes": 1, "typos": 1}
    assert figures["attributes"]["precision"] == 0.2
    assert figures["attributes"]["reachable"] == 0.4
    assert figures["typos"]["precision"] == figures["typos"]["reachable"] == 0
    assert figures["all"]["nothing"] == 1
    assert figures["all"]["p50_ms"] == 3.0


def test_only_the_first_ten_are_looked_at():
    answer = [*(f"W{number}" for number in range(10)), "D1"]
    assert judge([SHIRTS], [frozenset({"d1"})], [answer], [1.0])["all"]["ndcg"] == 0
