"""A step runs once at a time; a lock is no state of a session, ends with its process, and is not lost silently."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from search.exceptions import LockLost
from search.indexing import building
from search.indexing.locks import confirm_locks, is_held, only_one
from search.models import Build, IndexVersion, StepLock
from tests.processes import ROOT

AHEAD = datetime(2100, 1, 1, tzinfo=UTC)
_HOLD = """
import django; django.setup()
from search.indexing.locks import only_one
with only_one("step") as alone:
    print(alone, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def _database(transactional_db):
    pass


@pytest.fixture
def brief_lease(settings):
    settings.FASHION_SEARCH = {**settings.FASHION_SEARCH, "CLAIM_LEASE_SECONDS": 1}


def _take_over() -> None:
    """What another process does once a lease is over."""
    StepLock.objects.filter(name="step").update(token=UUID(int=1))


def _held_by_sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        return cursor.fetchone()[0]


def test_only_one_is_inside():
    with only_one("step") as alone:
        assert alone
        assert is_held("step")
        assert not is_held("other step")
        with only_one("step") as again, only_one("other step") as other:
            assert (again, other) == (False, True)
        assert is_held("step")
    assert not is_held("step")
    assert not StepLock.objects.exists()


def test_nothing_stays_on_a_session_or_in_a_transaction():
    with only_one("step"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")
            assert cursor.fetchone() == (0,)
        assert _held_by_sessions() == 0


def test_it_outlives_its_lease_while_its_process_lives(brief_lease):
    with only_one("step"):
        time.sleep(1.6)
        assert is_held("step")
        with only_one("step") as again:
            assert not again


def test_a_killed_process_holds_it_no_longer_than_its_lease(brief_lease):
    environment = {
        **os.environ,
        "DATABASE_URL": os.environ["DATABASE_URL"].replace(
            "/fashion", f"/{connection.settings_dict['NAME']}"
        ),
        "FASHION_SEARCH": '{"CLAIM_LEASE_SECONDS": 1}',
    }
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "True\n"
    with only_one("step") as alone:
        assert not alone
    holder.kill()
    holder.communicate()
    time.sleep(1.2)
    assert not is_held("step")
    with only_one("step") as alone:
        assert alone


def test_a_lock_from_a_clock_ahead_binds_nobody():
    StepLock.objects.create(name="step", token=UUID(int=1), holder="", taken_at=AHEAD, alive_at=AHEAD)
    assert not is_held("step")
    with only_one("step") as alone:
        assert alone


def test_a_connection_that_is_lost_costs_nothing():
    with only_one("step"):
        _end_other_connections()
        confirm_locks()
        assert is_held("step")
        _end_other_connections()
    assert not StepLock.objects.exists()


def _end_other_connections() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_step_that_was_taken_over_stops_at_its_next_part(version):
    def step() -> None:
        with only_one("step"):
            building.enter_step(version.pk, Build.Step.ENCODING)
            _take_over()
            building.enter_step(version.pk, Build.Step.ENCODING)
            pytest.fail("it went on")

    with pytest.raises(LockLost, match=r"The step 'step' gave no sign of life for 60 s"):
        step()
    assert StepLock.objects.exists()  # the other one's


def test_a_step_that_was_taken_over_does_not_end_well():
    with pytest.raises(LockLost), only_one("step"):
        _take_over()


def test_an_error_of_the_step_comes_first():
    def step() -> None:
        with only_one("step"):
            _take_over()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        step()


def test_a_worker_of_the_release_before_holds_it_on_its_session():
    options = connection.get_connection_params()
    given = {
        name: options[name] for name in ("host", "port", "user", "password", "dbname") if name in options
    }
    with psycopg.connect(**given) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('fashion_search.step', 0))")
        with only_one("step") as alone:
            assert not alone
    with only_one("step") as alone:
        assert alone


@pytest.fixture
def version():
    return IndexVersion.objects.create(artifact_path="/a", artifact_name="a", fingerprint="f", dimension=8)
