from dataclasses import replace

import pytest

from search.monitoring.probes import Finding, State, combine, count, span, summarise

OK, ATTENTION, BROKEN = State.OK, State.ATTENTION, State.BROKEN


class TestSummary:
    @pytest.mark.parametrize(
        ("states", "state", "sentence"),
        [
            ([OK, OK], OK, "Search is healthy."),
            ([ATTENTION, OK], ATTENTION, "Search works; to be looked at: check 0."),
            ([ATTENTION, BROKEN, BROKEN], BROKEN, "Broken: check 1, check 2."),
        ],
    )
    def test_the_worst_counts(self, states, state, sentence):
        checks = [Finding(f"check {number}", state, "") for number, state in enumerate(states)]
        assert summarise(checks) == Finding("Search", state, sentence)


class TestCombined:
    TORN = Finding("a", ATTENTION, "Torn.", "Mend it.", tolerated=True)
    GONE = Finding("b", BROKEN, "Gone.", "Fetch it.")

    def test_nothing_is_wrong(self):
        assert combine("c", [], "Well.") == Finding("c", OK, "Well.")

    def test_the_worst_speak(self):
        found = combine("c", [self.TORN, self.GONE, replace(self.GONE, sentence="Away.")], "Well.")
        assert (found.state, found.sentence, found.remedy) == (BROKEN, "Gone. Away.", "Fetch it.")
        assert [part.name for part in found.parts] == ["a", "b", "b"]

    def test_it_passes_where_all_do(self):
        assert combine("c", [self.TORN], "Well.").passed
        assert not combine("c", [self.TORN, self.GONE], "Well.").passed

    def test_a_remedy_is_part_of_the_detail_where_it_does_not_pass(self):
        assert (self.TORN.detail, self.GONE.detail) == ("Torn.", "Gone. Fetch it.")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (75, "1 min 15 s"), (120, "2 min"), (601, "10 min"),
        (3599, "59 min"), (3600, "1 h"), (7500, "2 h 5 min"), (86_400, "1 day"), (400_000, "4 days"),
    ],
)  # fmt: skip
def test_spans(seconds, words):
    assert span(seconds) == words


def test_counts():
    assert [count(number, "product") for number in (0, 1, 1234)] == [
        "0 products",
        "1 product",
        "1,234 products",
    ]
