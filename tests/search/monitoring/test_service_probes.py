import re
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from search.indexing import task_runs
from search.indexing.task_runs import recorded_run
from search.insight import log_store
from search.insight.log import push
from search.models import TaskRun
from search.monitoring import service_probes
from search.monitoring.probes import Finding, State
from search.monitoring.service_probes import (
    Ping,
    ask_log,
    probe_log,
    probe_postgres,
    probe_queue,
    probe_tasks,
)
from search.schedule import PERIODIC
from tests.pace import slowness

OK, ATTENTION, BROKEN = State.OK, State.ATTENTION, State.BROKEN


def test_a_refused_broker_is_told_at_once(broker):
    start = time.monotonic()
    ping = Ping()
    assert ping.count() is None
    assert time.monotonic() - start < 0.4 * slowness()
    assert "Connection refused" in ping.error


def test_a_frozen_broker_is_waited_for_no_longer(broker):
    broker.listen()
    start = time.monotonic()
    ping = Ping()
    assert ping.count() is None
    assert 0.3 < time.monotonic() - start < 5
    assert ping.error in (
        "It did not answer within 0.4 s.",
        "Timeout reading from socket",
    )  # who is told first
    ping._thread.join(timeout=5)
    assert not ping._thread.is_alive()


def test_no_worker_answers_although_the_queue_does(shop_processes):
    assert Ping().count() == 0


@pytest.mark.django_db
class TestPostgres:
    def test_it_answers(self):
        check = probe_postgres()
        assert check.state is OK
        assert check.sentence.startswith(f"Postgres {connection.pg_version // 10_000} with pgvector 0.8.")

    @pytest.mark.parametrize(
        ("installed", "sentence"),
        [
            (None, "pgvector is not installed; releases before 0.8.4 can corrupt HNSW indexes."),
            ((0, 8, 1), "pgvector is 0.8.1; releases before 0.8.4 can corrupt HNSW indexes."),
        ],
    )
    def test_a_release_that_corrupts_indexes(self, monkeypatch, installed, sentence):
        monkeypatch.setattr(service_probes, "installed_version", lambda: installed)
        check = probe_postgres()
        assert (check.state, check.sentence) == (BROKEN, sentence)

    def test_a_slow_one(self, monkeypatch):
        monkeypatch.setattr(service_probes, "SLOW_MS", 0.0)
        assert probe_postgres().state is ATTENTION


class TestQueue:
    @pytest.mark.parametrize(
        ("workers", "states", "sentence"),
        [
            (None, [BROKEN, ATTENTION], "The task queue cannot be reached. refused"),
            (0, [OK, BROKEN], "No Celery worker of this shop answered within 0.4 s, so nothing is indexed."),
            (1, [OK, OK], "1 worker answered."),
        ],
    )
    def test_answers(self, workers, states, sentence):
        class Ping:
            error = "refused"
            others = 0
            seconds = 0.4

            def count(self):
                return workers

            def idle_queues(self):
                return []

        checks = probe_queue(Ping())
        assert [check.state for check in checks] == states
        assert sentence in [check.sentence for check in checks]
        assert all(check.remedy for check in checks if check.state is BROKEN)


@pytest.mark.django_db
@pytest.mark.usefixtures("index_settings")
class TestTasks:
    def test_a_fresh_installation_then_one_that_runs(self):
        sentence = "None has run yet; that is a fault only after three of their periods."
        assert probe_tasks() == Finding("Periodic tasks", OK, sentence)
        for task in PERIODIC:
            with recorded_run(task.name):
                pass
        TaskRun.objects.update(succeeded_at=Now() - timedelta(seconds=5))
        assert probe_tasks() == Finding("Periodic tasks", OK, "All run in time, the latest 5 s ago.")

    def test_one_that_fails_and_one_that_stopped(self):
        probe_tasks()
        TaskRun.objects.filter(task="drain_log").update(
            failures=1, failed_at=Now(), error="OSError: no route"
        )
        TaskRun.objects.filter(task="refresh_words").update(succeeded_at=Now() - timedelta(hours=1))
        assert probe_tasks() == Finding(
            "Periodic tasks",
            ATTENTION,
            "refresh_words has not run for 1:00:00; it should every 0:10:00. Meanwhile searches do not learn new words of the"
            " catalogue. drain_log failed 0:00:00 ago: OSError: no route. Meanwhile the search log stays in Redis until that is full.",
            "Correct what the error names; the worker's log has all of it, and the next run tries again. See that the beat"
            " schedule has refresh_words (manage.py check says whether it does) and that a worker has time for it; if it"
            " should run less often, set LEXICON_SECONDS.",
        )

    def test_none_runs(self):
        probe_tasks()
        TaskRun.objects.update(watched_at=Now() - timedelta(days=1))
        check = probe_tasks()
        assert check.state is BROKEN
        assert check.sentence.startswith(
            "None runs. sweep has never run since it was looked for, 1 day, 0:00:00;"
        )
        assert check.remedy.startswith("Start Celery beat, one for the whole shop, and a worker.")

    def test_a_long_run_is_named(self, monkeypatch):
        for task in PERIODIC:
            with recorded_run(task.name):
                pass
        TaskRun.objects.filter(task="advance_builds").update(
            succeeded_at=Now() - timedelta(hours=2), started_at=Now() - timedelta(hours=1)
        )
        monkeypatch.setattr(task_runs, "is_held", lambda name: name == "advance")
        check = probe_tasks()
        assert check.state is OK
        assert check.sentence.endswith(" ago. advance_builds has been at work for 1 h.")


@pytest.mark.usefixtures("search_settings", "redis_server")
class TestLog:
    @pytest.fixture(autouse=True)
    def _empty(self, search_settings, redis_server):
        log_store.connect().delete(log_store.list_name())
        yield
        search_settings.FASHION_SEARCH = {}
        log_store.connect().delete(log_store.list_name())

    @pytest.mark.parametrize(
        ("age", "state", "sentence"),
        [
            (60, OK, "1 record in Redis, the oldest for 1 min."),
            (
                900,
                ATTENTION,
                "1 record in Redis, the oldest for 15 min. From 100,000 on newer ones are dropped.",
            ),
        ],
    )
    def test_by_the_oldest_record(self, age, state, sentence):
        assert probe_log(ask_log()) == Finding("Search log", OK, "No record waits in Redis.")
        push([{"kind": "event", "at": timezone.now() - timedelta(seconds=age)}])
        check = probe_log(ask_log())
        assert (check.state, check.sentence, bool(check.remedy)) == (state, sentence, state is ATTENTION)

    def test_by_their_number(self, monkeypatch):
        monkeypatch.setattr(service_probes, "LONGEST", 10)
        push([{"kind": "event", "at": timezone.now()}] * 6)
        check = probe_log(ask_log())
        assert check.state is ATTENTION
        said = r"6 records in Redis, the oldest for \d+ s\. From 10 on newer ones are dropped\."
        assert re.fullmatch(said, str(check.sentence))

    def test_a_redis_that_is_away_or_not_needed(self, search_settings):
        search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
            "INSIGHT_REDIS_URL": "redis://127.0.0.1:1/0"
        }
        check = probe_log(ask_log())
        assert check.state is ATTENTION
        assert check.sentence.startswith("Its Redis does not answer: Error 111 connecting to 127.0.0.1:1.")
        search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"INSIGHT": False}
        assert probe_log(ask_log()) == Finding(
            "Search log", OK, "Searches are not being logged: the setting INSIGHT is off."
        )
