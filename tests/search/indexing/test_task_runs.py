"""Runs of periodic tasks are noted by Postgres's clock, and a task that fails or stops is seen; one that works is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from threading import Event, Thread

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from search import tasks
from search.indexing import task_runs
from search.indexing.locks import only_one
from search.indexing.task_runs import recorded_run, task_states, troubles
from search.models import TaskRun
from search.monitoring.verify import verify
from search.schedule import BY_NAME, PERIODIC

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]
MOMENTS = ("watched_at", "started_at", "succeeded_at", "failed_at")


def state(name: str) -> task_runs.TaskState:
    return next(state for state in task_states() if state.task.name == name)


def wait(name: str, seconds: float) -> None:
    """Let so much time have passed since anything was noted of a task."""
    span = timedelta(seconds=seconds)
    TaskRun.objects.filter(task=name).update(**{moment: F(moment) - span for moment in MOMENTS})


@contextmanager
def elsewhere(lock: str) -> Iterator[None]:
    """Hold a lock in another thread, with a connection of its own."""
    held, done = Event(), Event()

    def hold() -> None:
        with only_one(lock) as alone:
            assert alone
            held.set()
            assert done.wait(30)
        connection.close()

    thread = Thread(target=hold)
    thread.start()
    try:
        assert held.wait(10)
        yield
    finally:
        done.set()
        thread.join(10)


def run(name: str) -> None:
    with recorded_run(name) as alone:
        assert alone


def fail(name: str, error: str = "disk full") -> None:
    with pytest.raises(OSError, match=error.split("\n")[0].split("\x00")[0]), recorded_run(name):
        raise OSError(error)


def test_migrations_watch_every_periodic_task():
    folder = Path(task_runs.__file__).parents[1] / "migrations"
    modules = [import_module(f"search.migrations.{path.stem}") for path in folder.glob("[0-9]*.py")]
    watched = [task for module in modules for task in getattr(module, "TASKS", ())]
    assert sorted(task.name for task in PERIODIC) == sorted(watched)


def test_a_run_that_ended_well(index_settings):
    run("reconcile")
    found = state("reconcile")
    assert 0 <= found.since < 5
    assert (found.unfinished, found.failures, found.trouble) == (None, 0, "")
    row = TaskRun.objects.get(task="reconcile")
    assert row.started_at <= row.succeeded_at
    assert row.failed_at is None


def test_a_failure_is_named_until_a_run_ends_well():
    fail("drain_log")
    assert state("drain_log").trouble == "drain_log failed 0:00:00 ago: OSError: disk full."
    fail("drain_log", "a\nb\x00.")
    wait("drain_log", 5)
    assert (
        state("drain_log").trouble
        == "drain_log failed 2 times in a row, the last time 0:00:05 ago: OSError: a b ."
    )
    (check,) = (check for check in verify().checks if check.name == "periodic tasks")
    loss = "Meanwhile the search log stays in Redis until that is full."
    assert (check.passed, check.sentence) == (False, f"{state('drain_log').trouble} {loss}")
    run("drain_log")
    assert state("drain_log").trouble == ""
    (check,) = (check for check in verify().checks if check.name == "periodic tasks")
    assert (check.passed, check.detail) == (True, "All run in time, the latest 0 s ago.")


def test_several_things_that_failed_are_all_named():
    def run_both():
        with recorded_run("advance_builds"):
            raise ExceptionGroup("Advancing builds", [OSError("disk full"), ValueError("no words")])

    with pytest.raises(ExceptionGroup):
        run_both()
    assert state("advance_builds").trouble == (
        "advance_builds failed 0:00:00 ago: OSError: disk full; ValueError: no words."
    )


def test_the_task_itself_writes_down_that_it_raised(monkeypatch):
    def broken():
        raise ValueError("no words")

    monkeypatch.setattr(tasks.lexicons, "refresh_lexicons", broken)
    with pytest.raises(ValueError, match="no words"):
        tasks.refresh_words()
    assert state("refresh_words").trouble == "refresh_words failed 0:00:00 ago: ValueError: no words."
    monkeypatch.undo()
    tasks.refresh_words()
    assert state("refresh_words").trouble == ""


@pytest.mark.django_db(transaction=True)
def test_what_a_task_rolled_back_leaves_its_record():
    def divide():
        with recorded_run("sweep"), transaction.atomic(), connection.cursor() as cursor:
            TaskRun.objects.update(error="rolled back")
            cursor.execute("SELECT 1 / 0")

    with pytest.raises(DatabaseError):
        divide()
    assert state("sweep").trouble == "sweep failed 0:00:00 ago: DataError: division by zero."


@pytest.mark.django_db(transaction=True)
def test_a_task_whose_connection_broke_leaves_its_record():
    with pytest.raises(DatabaseError), recorded_run("reconcile"), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert state("reconcile").failures == 1


@pytest.mark.parametrize(
    ("name", "seconds", "late"),
    [("sweep", 29, False), ("sweep", 31, True), ("reconcile", 3 * 3600 - 1, False), ("reconcile", 3 * 3600 + 1, True)],
)  # fmt: skip
def test_late_after_three_periods(name, seconds, late):
    run(name)
    wait(name, seconds)
    assert state(name).late is late
    assert [found.task.name for found in troubles()] == ([name] if late else [])


def test_the_sentence_of_a_late_task():
    run("reconcile")
    wait("reconcile", 4 * 3600)
    assert state("reconcile").trouble == "reconcile has not run for 4:00:00; it should every 1:00:00."


def test_a_fresh_installation_has_time_and_one_without_beat_is_seen():
    TaskRun.objects.all().delete()
    assert troubles() == []
    assert TaskRun.objects.count() == len(PERIODIC)
    for task in PERIODIC:
        wait(task.name, 119)
    assert troubles() == []
    for task in PERIODIC:
        wait(task.name, 2)
    assert [found.task.name for found in troubles()] == ["sweep", "advance_builds", "drain_log", "flush_hits"]
    assert state("sweep").trouble == (
        "sweep has never run since it was looked for, 0:02:01; it should every 0:00:10."
    )
    for task in PERIODIC:
        wait(task.name, 4 * 3600)
    assert len(troubles()) == len(PERIODIC)


def test_a_worker_killed_in_the_middle_is_seen():
    run("refresh_words")
    wait("refresh_words", 3600)
    task_runs._note("refresh_words", task_runs._STARTED)  # and its worker is killed
    wait("refresh_words", 7)
    assert state("refresh_words").trouble == "refresh_words was begun 0:00:07 ago and came to no end."


@pytest.mark.django_db(transaction=True)
def test_a_long_run_is_alive_while_it_holds_its_lock_and_no_longer_than_any_run_may_last():
    run("advance_builds")
    wait("advance_builds", 3600)
    with elsewhere("advance"):
        task_runs._note("advance_builds", task_runs._STARTED)
        wait("advance_builds", 3600)
        assert (state("advance_builds").at_work, state("advance_builds").trouble) == (True, "")
        wait("advance_builds", 6 * 3600)
        assert state("advance_builds").trouble == "advance_builds was begun 7:00:00 ago and came to no end."


@pytest.mark.django_db(transaction=True)
def test_a_run_that_finds_another_at_work_notes_nothing():
    fail("advance_builds")
    with elsewhere("advance"):
        with recorded_run("advance_builds") as alone:
            assert not alone
        tasks.advance_builds()
    assert state("advance_builds").failures == 1
    tasks.advance_builds()
    assert state("advance_builds").trouble == ""


def test_a_clock_that_was_ahead_hides_nothing():
    run("sweep")
    TaskRun.objects.update(succeeded_at=Now() + timedelta(days=365), started_at=Now() + timedelta(days=365))
    assert state("sweep").trouble == ""
    wait("sweep", 31)
    assert state("sweep").trouble == "sweep has not run for 0:00:31; it should every 0:00:10."


def test_rows_that_came_with_a_dump_begin_anew():
    fail("drain_log")
    task_states()
    for task in PERIODIC:
        wait(task.name, 7 * 86_400)
    assert len(troubles()) == len(PERIODIC)
    TaskRun.objects.update(
        table_oid=F("table_oid") + 1
    )  # as pg_restore leaves them: it makes tables of other numbers
    assert troubles() == []
    assert state("drain_log").since is None
    wait("drain_log", 121)
    assert [found.task.name for found in troubles()] == ["drain_log"]


def test_a_clock_that_went_ahead_raises_no_alarm_for_longer_than_a_run_takes():
    run("sweep")
    wait("sweep", 365 * 86_400)
    assert state("sweep").late
    run("sweep")
    assert state("sweep").trouble == ""


def test_what_cannot_be_noted_fails_no_task_and_is_counted(caplog, monkeypatch):
    before = task_runs.TASK_RECORD_FAILURES._value.get()
    done = []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE fashion_search_taskrun RENAME TO elsewhere")
    with recorded_run("sweep") as alone:
        done.append(alone)
    assert done == [True]
    assert task_runs.TASK_RECORD_FAILURES._value.get() == before + 2
    assert "A run of the periodic task sweep could not be recorded: relation" in caplog.text
    with pytest.raises(DatabaseError):
        task_states()


@pytest.mark.django_db(transaction=True)
def test_a_locked_table_costs_a_task_two_seconds_at_most(monkeypatch):
    monkeypatch.setattr(task_runs, "PATIENCE", "50ms")
    before = task_runs.TASK_RECORD_FAILURES._value.get()
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE fashion_search_taskrun")
        run("sweep")
    finally:
        other.rollback()
        other.close()
    assert task_runs.TASK_RECORD_FAILURES._value.get() == before + 2
    run("sweep")
    assert state("sweep").trouble == ""


def test_only_tasks_of_the_list_are_recorded():
    with pytest.raises(KeyError, match="unknown"), recorded_run("unknown"):
        pass
    assert {task.lock for task in BY_NAME.values()} == {
        "", "advance", "words", "reconcile", "drain-log", "roll-up-log", "word_list", "tags", "mail-report",
    }  # fmt: skip
    with only_one("words") as alone:
        assert alone
