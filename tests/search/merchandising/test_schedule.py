from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from search.merchandising.rules import in_words, overlap, runs, state_of

NOW = datetime(2026, 5, 2, 12, tzinfo=UTC)
BEFORE, AFTER = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("enabled", "starts", "ends", "state"),
    [
        (True, None, None, "running"),
        (True, NOW, None, "running"),
        (True, None, NOW, "ended"),
        (True, AFTER, None, "scheduled"),
        (True, BEFORE, AFTER, "running"),
        (False, None, None, "disabled"),
        (False, AFTER, None, "disabled"),
        (False, None, BEFORE, "ended"),
    ],
)
def test_states(enabled, starts, ends, state):
    assert state_of(SimpleNamespace(enabled=enabled, starts=starts, ends=ends), NOW) == state
    if enabled:
        assert runs(starts, ends, NOW) is (state == "running")


def test_schedules_that_only_touch_do_not_overlap():
    assert overlap(None, NOW, BEFORE, None)
    assert not overlap(None, NOW, NOW, None)
    assert overlap(None, None, AFTER, None)


def test_schedules_in_words():
    assert in_words(None, None, NOW) == ""
    assert in_words(BEFORE, AFTER, NOW) == ", until 3 May"
    assert (
        in_words(AFTER, datetime(2027, 1, 4, 8, 30, tzinfo=UTC), NOW)
        == ", from 3 May until 4 January 2027 08:30"
    )
