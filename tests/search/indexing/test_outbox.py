from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from search.indexing import outbox
from search.marking import mark_stale, mark_unmarked
from search.models import StaleProduct

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]


def keys(claims) -> list[str]:
    return sorted(claim.key for claim in claims)


def expire_leases() -> None:
    StaleProduct.objects.update(claimed_at=F("claimed_at") - timedelta(seconds=61))


def test_changes_by_people_are_claimed_before_a_backfill():
    mark_stale(["1", "2"], backfill=True)
    mark_stale(["3"])
    assert [keys(outbox.claim_fresh(1)) for _ in range(3)] == [["3"], ["1"], ["2"]]


@pytest.mark.parametrize("plan", ["hashjoin", "mergejoin", "nestloop"])
def test_no_plan_claims_more_than_asked_for(plan):
    mark_stale([str(number) for number in range(20)])
    with transaction.atomic(), connection.cursor() as cursor:
        for other in {"hashjoin", "mergejoin", "nestloop"} - {plan}:
            cursor.execute(f"SET LOCAL enable_{other} = off")
        cursor.execute("SET LOCAL enable_material = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        assert len(outbox.claim_fresh(3)) == 3


def test_a_claimed_product_is_not_claimed_again_before_its_lease_ends():
    mark_stale(["1"])
    assert keys(outbox.claim_fresh(5)) == ["1"]
    assert outbox.claim_fresh(5) == outbox.claim_retry() == []
    expire_leases()
    assert keys(outbox.claim_retry()) == ["1"]


def test_marking_again_takes_the_claim_away():
    mark_stale(["1", "2"])
    claims = outbox.claim_fresh(5)
    mark_stale(["1"])
    assert outbox.hold(claims) == {"2"}
    assert keys(outbox.claim_fresh(5)) == ["1"]


def test_a_batch_that_kills_its_worker_comes_back_in_smaller_parts(index_settings):
    index_settings.FASHION_SEARCH = {**index_settings.FASHION_SEARCH, "BATCH_SIZE": 8}
    mark_stale(map(str, range(8)))
    assert len(outbox.claim_fresh(8)) == 8
    expire_leases()
    assert [len(outbox.claim_retry()) for _ in range(5)] == [2, 2, 2, 2, 0]
    expire_leases()
    assert [len(outbox.claim_retry()) for _ in range(9)] == [1] * 8 + [0]


def test_a_product_whose_worker_dies_every_time_is_parked():
    mark_stale(["1"])
    outbox.claim_fresh(1)
    for _ in range(2):
        expire_leases()
        assert outbox.park_exhausted() == {}
        outbox.claim_retry()
    expire_leases()
    assert outbox.park_exhausted() == {"1": "Indexing this product ended its worker 3 times."}
    assert StaleProduct.objects.get().parked


def test_a_failure_is_tried_again_after_30_and_60_seconds_and_then_parked():
    mark_stale(["1"])
    outbox.claim_fresh(1)
    waits = []
    for _ in range(3):
        outbox.settle_failures({"1": "bad"})
        row = StaleProduct.objects.get()
        waits.append((round((row.next_attempt_at - timezone.now()).total_seconds()), row.parked))
        StaleProduct.objects.update(next_attempt_at=None)
        outbox.claim_retry()
    assert waits == [(30, False), (60, False), (120, True)]


def test_postponed_products_have_used_no_attempt():
    mark_stale(["1"])
    outbox.postpone(outbox.claim_fresh(1), "The database went away.")
    row = StaleProduct.objects.get()
    assert (row.attempts, row.claimed_at, row.last_error) == (0, None, "The database went away.")
    assert not outbox.is_due()


def test_unmarked_products_only():
    mark_stale(["1"])
    StaleProduct.objects.update(parked=True)
    assert mark_unmarked(["1", "2"]) == 1
    assert list(StaleProduct.objects.order_by("product_key").values_list("product_key", "parked")) == [
        ("1", True),
        ("2", False),
    ]
