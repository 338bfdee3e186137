import pytest

from search import session
from search.session import measuring, stage


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by 5 ms with every look."""
    ticks = iter(range(100))
    monkeypatch.setattr(session, "perf_counter", lambda: next(ticks) * 0.005)


def test_stages_are_added_up_by_their_names(clock):
    with measuring() as found:
        for name in ("encode", "facets", "facets"):
            with stage(name):
                pass
    assert found == {"encode": 5.0, "facets": 10.0}


def test_a_stage_that_fails_is_counted_and_the_error_goes_on(clock):
    with measuring() as found, pytest.raises(ZeroDivisionError), stage("encode"):
        1 / 0  # noqa: B018
    assert found == {"encode": 5.0}


def test_a_search_within_a_search_has_stages_of_its_own(clock):
    with measuring() as outer:
        with stage("outer"), measuring() as inner, stage("inner"):
            pass
        with stage("after"):
            pass
    assert (inner.keys(), outer.keys()) == ({"inner"}, {"outer", "after"})


def test_outside_of_a_measurement_nothing_is_kept(clock):
    with stage("encode"):
        pass
    with measuring() as found:
        pass
    assert found == {}
