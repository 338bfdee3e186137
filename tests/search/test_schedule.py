"""One list of periodic tasks, and the schedule that a host's settings make of it."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery import current_app
from celery.beat import ScheduleEntry
from celery.schedules import crontab, schedule
from django.core.exceptions import ImproperlyConfigured

from search import tasks
from search.schedule import PERIODIC, beat_schedule, entries, longest_gap, periods, reads_the_setting

ROOT = Path(__file__).resolve().parents[2]
DEFAULTS = {
    "fashion_search.sweep": {"task": "search.tasks.sweep", "schedule": 10.0},
    "fashion_search.advance_builds": {"task": "search.tasks.advance_builds", "schedule": 10.0},
    "fashion_search.refresh_words": {"task": "search.tasks.refresh_words", "schedule": 600.0},
    "fashion_search.reconcile": {"task": "search.tasks.reconcile", "schedule": 3600.0},
    "fashion_search.drain_log": {"task": "search.tasks.drain_log", "schedule": 10.0},
    "fashion_search.roll_up_log": {"task": "search.tasks.roll_up_log", "schedule": 300.0},
    "fashion_search.mail_report": {"task": "search.tasks.mail_report", "schedule": 900.0},
    "fashion_search.refresh_word_list": {"task": "search.tasks.refresh_word_list", "schedule": 300.0},
    "fashion_search.flush_hits": {"task": "search.tasks.flush_hits", "schedule": 10.0},
}
HOST = """
from search.schedule import beat_schedule

SECRET_KEY = "x"
FASHION_SEARCH = {"SWEEP_SECONDS": 5}
CELERY_BEAT_SCHEDULE = {"mine": {"task": "host.mine", "schedule": 1.0}, **beat_schedule(FASHION_SEARCH)}
DEFAULTS = beat_schedule()
"""


def configuration(beat: dict, scheduler: str = "search.beat.SteadyScheduler") -> SimpleNamespace:
    """What is asked of a Celery application's configuration."""
    return SimpleNamespace(beat_schedule=beat, beat_scheduler=scheduler)


def test_the_whole_schedule_by_default():
    assert beat_schedule({}) == DEFAULTS


def test_periods_are_those_of_the_dictionary():
    given = {"SWEEP_SECONDS": 5, "LEXICON_SECONDS": 60, "BATCH_SIZE": 7}
    found = {name: entry["schedule"] for name, entry in beat_schedule(given).items()}
    assert found["fashion_search.sweep"] == found["fashion_search.flush_hits"] == 5.0
    assert (found["fashion_search.refresh_words"], found["fashion_search.reconcile"]) == (60.0, 3600.0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"SWEEP_SECONDS": "often"}, "FASHION_SEARCH['SWEEP_SECONDS'] must be of type int, not 'often'."),
        ({"SWEEP_SECONDS": 0}, "FASHION_SEARCH['SWEEP_SECONDS'] must be positive, not 0."),
        ({"DRAIN_SECONDS": None}, "FASHION_SEARCH['DRAIN_SECONDS'] must be of type int, not None."),
        (["SWEEP_SECONDS"], "FASHION_SEARCH must be a dictionary, not list."),
    ],
)
def test_a_wrong_period_is_named(given, sentence):
    with pytest.raises(ImproperlyConfigured) as error:
        beat_schedule(given)
    assert str(error.value) == sentence


def test_a_settings_module_may_ask_for_it_while_it_is_read(tmp_path):
    (tmp_path / "host_settings.py").write_text(HOST)
    code = (
        "from django.conf import settings; from search.schedule import beat_schedule\n"
        "names = sorted(settings.CELERY_BEAT_SCHEDULE); sweep = 'fashion_search.sweep'\n"
        "print(len(names), settings.CELERY_BEAT_SCHEDULE[sweep]['schedule'], settings.DEFAULTS[sweep]['schedule'],"
        " beat_schedule()[sweep]['schedule'])"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{tmp_path}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "host_settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("10 5.0 10.0 5.0\n", "")


def test_every_periodic_task_is_a_task_and_the_shop_asks_for_it(settings):
    assert [task.name for task in PERIODIC if not hasattr(getattr(tasks, task.name), "apply_async")] == []
    asked = {path for path, _ in entries(settings.CELERY_BEAT_SCHEDULE)}
    assert {task.path for task in PERIODIC if task.by_beat} == asked


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (10, 10.0),
        (0.5, 0.5),
        (timedelta(minutes=2), 120.0),
        (schedule(30.0), 30.0),
        (crontab(), 60.0),
        (crontab(minute="*/15"), 900.0),
        (crontab(minute=0, hour=3), 86_400.0),
        (crontab(minute=0, hour="9-17"), 16 * 3600.0),
        (crontab(minute="0,30", hour="9-17", day_of_week="mon-fri"), 63.5 * 3600.0),
        (crontab(minute=0, hour=0, day_of_week="sunday"), 7 * 86_400.0),
        (crontab(minute=0, hour=0, day_of_month="1"), 31 * 86_400.0),
        ("often", None),
        (True, None),
        (None, None),
    ],
)
def test_the_longest_gap_of_a_schedule(given, seconds):
    assert longest_gap(given) == seconds


def test_entries_of_any_kind_are_read():
    entry = ScheduleEntry(name="a", task="a.task", schedule=schedule(5.0), app=current_app)
    found = list(entries({"a": entry, "b": {"task": "b.task", "schedule": 7.0}, "c": {}, "d": "nothing"}))
    assert [(path, longest_gap(given)) for path, given in found] == [
        ("a.task", 5.0),
        ("b.task", 7.0),
        ("", None),
    ]
    assert list(entries(None)) == []


@pytest.mark.parametrize(
    ("scheduler", "reads"),
    [
        ("search.beat.SteadyScheduler", True),
        ("search.beat:SteadyScheduler", True),
        ("celery.beat:PersistentScheduler", True),
        ("celery.beat:Scheduler", False),
        ("django_celery_beat.schedulers:DatabaseScheduler", False),
        ("django", False),
    ],
)
def test_whose_schedule_is_the_setting(scheduler, reads):
    assert reads_the_setting(scheduler) is reads


def test_the_schedule_says_how_often_a_task_runs_and_the_settings_where_it_does_not(settings):
    settings.FASHION_SEARCH = {"SWEEP_SECONDS": 20}
    beat = {
        "nightly": {"task": "search.tasks.reconcile", "schedule": crontab(minute=0, hour=3)},
        "twice": {"task": "search.tasks.drain_log", "schedule": 60.0},
        "again": {"task": "search.tasks.drain_log", "schedule": 15.0},
        "often": {"task": "search.tasks.refresh_words", "schedule": 5.0},
    }
    found = periods(configuration(beat))
    assert (found["reconcile"], found["drain_log"], found["refresh_words"]) == (86_400.0, 15.0, 5.0)
    assert (found["sweep"], found["roll_up_log"], found["refresh_tags"]) == (20.0, 300.0, 300.0)
    # A schedule in a database may have been told less than the setting that it was filled from.
    elsewhere = periods(configuration(beat, "django_celery_beat.schedulers:DatabaseScheduler"))
    assert (elsewhere["reconcile"], elsewhere["refresh_words"]) == (86_400.0, 600.0)
