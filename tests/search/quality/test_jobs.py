from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from search.exceptions import LockLost, MapError
from search.indexing.connections import own_connection
from search.models import CatalogueMap, IndexVersion
from search.quality.jobs import ask, compute, give_up
from tests.search.indexed import make_version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("search_settings")]


@pytest.fixture
def version(tiny_artifact) -> IndexVersion:
    return make_version(tiny_artifact)


def row() -> CatalogueMap:
    return CatalogueMap.objects.get()


def test_it_is_asked_for_once_until_it_has_ended_or_gone_silent(version):
    assert ask(CatalogueMap, version)
    assert row().is_under_way
    assert not ask(CatalogueMap, version)
    CatalogueMap.objects.update(seen_at=timezone.now() - timedelta(seconds=301))
    assert row().is_silent
    assert not row().is_under_way
    assert ask(CatalogueMap, version)
    give_up(CatalogueMap, version, "The queue is away.")
    assert (row().state, row().error) == ("failed", "The queue is away.")
    assert ask(CatalogueMap, version)
    assert (row().state, row().error) == ("waiting", "")


def test_it_reports_and_keeps_the_result(version):
    ask(CatalogueMap, version)
    seen = []

    def work(given, report):
        assert given == version
        report("halfway", 0.5)
        seen.append((row().state, row().step, row().percent))
        report("halfway", 0.6)  # too soon after the one before to be written
        seen.append(row().percent)
        return {"mapped": 3}

    compute(CatalogueMap, version.pk, work)
    assert seen == [("computing", "halfway", 50), 50]
    made = row()
    assert (made.state, made.step, made.share, made.mapped, made.error) == ("ready", "", 1.0, 3, "")
    assert made.made_at is not None
    assert made.seconds is not None


def test_one_that_ends_its_worker_is_begun_twice_and_not_again(version):
    def end_the_worker(given, report):
        raise SystemExit  # no more than a process that is gone would it note how it ended

    ask(CatalogueMap, version)
    for _ in range(2):
        with pytest.raises(SystemExit):
            compute(CatalogueMap, version.pk, end_the_worker)
        assert row().state == "computing"
    compute(CatalogueMap, version.pk, end_the_worker)
    assert (row().state, row().error) == ("failed", "It ended its worker 2 times.")
    assert ask(CatalogueMap, version)
    compute(CatalogueMap, version.pk, lambda given, report: {"mapped": 3})
    assert row().state == "ready"


def test_a_message_that_comes_twice_does_nothing_more(version):
    ask(CatalogueMap, version)
    compute(CatalogueMap, version.pk, lambda version, report: {"mapped": 1})
    compute(CatalogueMap, version.pk, pytest.fail)
    compute(CatalogueMap, version.pk + 1, pytest.fail)
    assert row().mapped == 1


def test_while_another_process_computes_it_nothing_begins(version):
    ask(CatalogueMap, version)
    options = connection.get_connection_params()
    given = {
        name: options[name] for name in ("host", "port", "user", "password", "dbname") if name in options
    }
    with psycopg.connect(**given) as other:
        other.execute(
            "SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"fashion_search.cataloguemap.{version.pk}"]
        )
        compute(CatalogueMap, version.pk, pytest.fail)
    assert row().state == "waiting"


def test_a_failure_keeps_the_former_result_and_its_reason(version):
    ask(CatalogueMap, version)
    compute(CatalogueMap, version.pk, lambda version, report: {"mapped": 7})

    def fails(version, report):
        raise MapError("Nothing to map.")

    ask(CatalogueMap, version)
    compute(CatalogueMap, version.pk, fails)
    assert (row().state, row().error, row().mapped) == ("failed", "Nothing to map.", 7)
    assert row().made_at is not None

    ask(CatalogueMap, version)
    with pytest.raises(ZeroDivisionError):
        compute(CatalogueMap, version.pk, lambda version, report: {"mapped": 1 // 0})
    assert row().error == "ZeroDivisionError: integer division or modulo by zero"


def test_it_ends_when_its_version_is_deleted(version):
    ask(CatalogueMap, version)

    def work(given, report):
        IndexVersion.objects.all().delete()
        report("reading", 0.5)
        pytest.fail("It went on.")

    compute(CatalogueMap, version.pk, work)
    assert not CatalogueMap.objects.exists()


def test_one_that_another_process_has_taken_over_leaves_it_the_row(version):
    ask(CatalogueMap, version)

    def taken_over(version, report):
        elsewhere("UPDATE fashion_search_steplock SET token = '00000000-0000-0000-0000-000000000001'")
        report("placing", 0.5)

    def elsewhere(statement):  # the test's own transaction would hold the row
        with own_connection() as other, other.cursor() as cursor:
            cursor.execute(statement)

    with pytest.raises(LockLost):
        compute(CatalogueMap, version.pk, taken_over)
    elsewhere("DELETE FROM fashion_search_steplock")
    assert (row().state, row().error) == ("computing", "")
