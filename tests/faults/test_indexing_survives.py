"""Indexing goes on to its end, whatever is killed in the middle of it."""

from django.core.management import call_command

from search.models import IndexEntry, IndexVersion
from tests.faults.conftest import verification
from tests.processes import wait_until


def test_a_worker_killed_in_the_middle_of_indexing_loses_nothing(catalogue, shop_processes):
    shop_processes.beat()
    worker = shop_processes.worker()
    call_command("search_index", "rebuild")
    # It lasts a second: whoever looks ten times in it may miss it on a busy machine.
    wait_until(lambda: 0 < _embedded() < 350, seconds=30, what=worker, every=0.005)
    worker.kill()
    done_before = _embedded()
    assert done_before < len(catalogue)

    again = shop_processes.worker()
    wait_until(_active, seconds=60, what=again)
    _assert_verified(len(catalogue))


def test_redis_killed_and_restarted_empty_in_the_middle_of_indexing_loses_nothing(
    catalogue, stoppable_redis, shop_processes
):
    shop_processes.beat()
    worker = shop_processes.worker()
    call_command("search_index", "rebuild")
    # It lasts a second: whoever looks ten times in it may miss it on a busy machine.
    wait_until(lambda: 0 < _embedded() < 350, seconds=30, what=worker, every=0.005)
    stoppable_redis.process.kill()
    stoppable_redis.start()

    wait_until(_active, seconds=60, what=worker)
    _assert_verified(len(catalogue))


def _embedded() -> int:
    return IndexEntry.objects.exclude(embedded_hash="").count()


def _active() -> bool:
    return IndexVersion.objects.active() is not None


def _assert_verified(products: int) -> None:
    result = verification()
    assert [check for check in result["checks"] if not check["passed"]] == []
    assert result["passed"] is True
    assert result["failures"] == []
    assert IndexEntry.objects.count() == products
