"""Celery beat goes on after the machine's clock was set back."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery import Celery

from search.beat import SteadyScheduler

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PERIOD = 10.0


@pytest.fixture
def app():
    app = Celery("clockwork", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {"sweep": {"task": "sweep", "schedule": PERIOD}}
    app.conf.timezone = "UTC"
    yield app
    app.close()


def make_scheduler(app, folder, sent):
    class Scheduler(SteadyScheduler):
        def apply_entry(self, entry, producer=None):
            sent.append(entry.default_now())

    return Scheduler(app=app, schedule_filename=str(folder / "schedule"))


def run_for(scheduler, clock, seconds):
    """Tick as beat's loop does, with a clock that goes on by what beat sleeps."""
    left = seconds
    while left > 0:
        wait = max(scheduler.tick(), 0.01)
        clock.shift(wait)
        left -= wait


def test_tasks_go_on_within_a_period_after_the_clock_was_set_back(app, tmp_path):
    sent = []
    with time_machine.travel(NOON, tick=False) as clock:
        scheduler = make_scheduler(app, tmp_path, sent)
        run_for(scheduler, clock, 35)
        assert len(sent) == 3
        clock.shift(timedelta(hours=-1))
        set_back = datetime.now(UTC)
        del sent[:]
        run_for(scheduler, clock, 35)
        assert len(sent) == 3
        assert (sent[0] - set_back).total_seconds() <= PERIOD + 1
        scheduler.close()


def test_times_that_the_file_kept_do_not_hold_it_up(app, tmp_path):
    with time_machine.travel(NOON, tick=False) as clock:
        before = make_scheduler(app, tmp_path, [])
        run_for(before, clock, 15)
        before.close()
    sent = []
    with time_machine.travel(NOON - timedelta(hours=1), tick=False) as clock:
        after = make_scheduler(app, tmp_path, sent)
        run_for(after, clock, 15)
        after.close()
    assert len(sent) == 1


def test_a_clock_that_goes_on_changes_nothing(app, tmp_path, caplog):
    sent = []
    with time_machine.travel(NOON, tick=False) as clock:
        scheduler = make_scheduler(app, tmp_path, sent)
        run_for(scheduler, clock, 35)
        scheduler.close()
    assert [(one - sent[0]).total_seconds() for one in sent] == pytest.approx(
        [0, PERIOD, 2 * PERIOD], abs=0.1
    )
    assert "set back" not in caplog.text
