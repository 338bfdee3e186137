import time
from datetime import timedelta

import pytest
from django.db import InternalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from search.indexing import outbox
from search.indexing.marks import enter_if_absent, mark_stale
from search.indexing.outbox import gather_marks
from search.models import StaleMark
from tests.outbox import stale_products

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]


def mark(keys, **options) -> None:
    mark_stale(keys, **options)
    gather_marks()


def keys(claims) -> list[str]:
    return sorted(claim.key for claim in claims)


def expire_leases(seconds: float = 61) -> None:
    by = timedelta(seconds=seconds)
    stale_products().update(claimed_at=F("claimed_at") - by, alive_at=F("alive_at") - by)


def test_changes_by_people_are_claimed_before_a_backfill():
    mark(["1", "2"], backfill=True)
    mark(["3"])
    assert [keys(outbox.claim_fresh(1)) for _ in range(3)] == [["3"], ["1"], ["2"]]


@pytest.mark.parametrize("plan", ["hashjoin", "mergejoin", "nestloop"])
def test_no_plan_claims_more_than_asked_for(plan):
    mark([str(number) for number in range(20)])
    with transaction.atomic(), connection.cursor() as cursor:
        for other in {"hashjoin", "mergejoin", "nestloop"} - {plan}:
            cursor.execute(f"SET LOCAL enable_{other} = off")
        cursor.execute("SET LOCAL enable_material = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        assert len(outbox.claim_fresh(3)) == 3


def test_a_claimed_product_is_not_claimed_again_before_its_lease_ends():
    mark(["1"])
    assert keys(outbox.claim_fresh(5)) == ["1"]
    assert outbox.claim_fresh(5) == outbox.claim_retry() == []
    expire_leases()
    assert keys(outbox.claim_retry()) == ["1"]


def test_marking_again_takes_the_claim_away():
    mark(["1", "2"])
    claims = outbox.claim_fresh(5)
    mark(["1"])
    assert outbox.hold(claims) == {"2"}
    assert keys(outbox.claim_fresh(5)) == ["1"]


def test_a_batch_that_kills_its_worker_comes_back_in_smaller_parts(index_settings):
    index_settings.FASHION_SEARCH = {**index_settings.FASHION_SEARCH, "BATCH_SIZE": 8}
    mark(map(str, range(8)))
    assert len(outbox.claim_fresh(8)) == 8
    expire_leases()
    assert [len(outbox.claim_retry()) for _ in range(5)] == [2, 2, 2, 2, 0]
    expire_leases()
    assert [len(outbox.claim_retry()) for _ in range(9)] == [1] * 8 + [0]


def test_a_product_whose_worker_dies_every_time_is_parked():
    mark(["1"])
    outbox.claim_fresh(1)
    for _ in range(2):
        expire_leases()
        assert outbox.park_exhausted() == {}
        outbox.claim_retry()
    expire_leases()
    assert outbox.park_exhausted() == {}  # its last attempt may only be slow
    expire_leases(120)
    assert outbox.park_exhausted() == {"1": "Indexing this product ended its worker 3 times."}
    assert stale_products().get().parked


def test_a_failure_is_tried_again_after_30_and_60_seconds_and_then_parked():
    mark(["1"])
    outbox.claim_fresh(1)
    waits = []
    for _ in range(3):
        outbox.settle_failures({"1": "bad"})
        row = stale_products().get()
        waits.append((round((row.next_attempt_at - timezone.now()).total_seconds()), row.parked))
        stale_products().update(next_attempt_at=None)
        outbox.claim_retry()
    assert waits == [(30, False), (60, False), (120, True)]


def test_postponed_products_have_used_no_attempt():
    mark(["1"])
    outbox.postpone(outbox.claim_fresh(1), "The database went away.")
    row = stale_products().get()
    assert (row.attempts, row.claimed_at, row.last_error) == (0, None, "The database went away.")
    assert not outbox.is_due()


def test_products_that_are_in_the_outbox_are_left_alone():
    mark(["1"])
    stale_products().update(parked=True)
    assert enter_if_absent(["1", "2"]) == 1
    assert list(stale_products().order_by("product_key").values_list("product_key", "parked")) == [
        ("1", True),
        ("2", False),
    ]


def test_marks_of_one_product_are_gathered_into_one_row_the_most_urgent_of_them():
    mark_stale(["1", "2"], backfill=True, reread=False)
    mark_stale(["2"], reread=False)
    mark_stale(["1"], backfill=True, reread=True)
    assert outbox.is_due()
    gather_marks()
    assert not StaleMark.objects.exists()
    rows = stale_products().order_by("product_key").values_list("product_key", "backfill", "reread")
    assert list(rows) == [("1", True, True), ("2", False, False)]


def test_a_product_that_is_marked_between_claim_and_settling_is_indexed_again():
    mark(["1"])
    claims = outbox.claim_fresh(5)
    mark_stale(["1"])
    assert outbox.hold(claims) == {"1"}
    outbox.settle(["1"])
    gather_marks()
    assert keys(outbox.claim_fresh(5)) == ["1"]


def test_moments_that_a_clock_set_back_has_left_ahead_are_not_waited_for():
    mark(["claimed", "planned", "soon"])
    ahead = timezone.now() + timedelta(hours=1)
    stale_products().filter(product_key="claimed").update(claimed_at=ahead, alive_at=ahead, attempts=1)
    stale_products().filter(product_key="planned").update(next_attempt_at=ahead, attempts=1)
    stale_products().filter(product_key="soon").update(
        next_attempt_at=timezone.now() + timedelta(seconds=200), attempts=1
    )
    assert outbox.is_due()
    assert keys(outbox.claim_retry()) == ["claimed", "planned"]


def test_a_worker_that_gives_signs_of_life_keeps_its_claim(monkeypatch):
    def renewed() -> list[str]:
        lately = stale_products().filter(alive_at__gt=timezone.now() - timedelta(seconds=60))
        return list(lately.values_list("product_key", flat=True))

    mark_stale(["1", "2"])
    gather_marks()
    now = [0.0]
    monkeypatch.setattr(outbox, "monotonic", lambda: now[0])
    claims = outbox.claim_fresh(5)
    lease = outbox.Lease(claims)
    stale_products().update(alive_at=F("alive_at") - timedelta(seconds=70))
    stale_products().filter(product_key="1").update(claimed_at=F("claimed_at") - timedelta(seconds=70))
    now[0] = 14.0
    lease.renew()
    assert renewed() == []
    now[0] = 15.0
    lease.renew()
    assert renewed() == ["2"]
    # The claim of the other is another worker's by now, which gave no sign of life.
    assert [claim.key for claim in outbox.claim_retry()] == ["1"]


@pytest.mark.django_db(transaction=True)
def test_the_transaction_of_a_worker_that_falls_silent_is_ended(monkeypatch):
    monkeypatch.setattr(outbox, "IDLE_SECONDS", 1)

    def fall_silent() -> None:
        with outbox.brief_transaction(), connection.cursor() as cursor:
            time.sleep(2)
            cursor.execute("SELECT 1")

    try:
        with pytest.raises(InternalError, match="idle-in-transaction timeout"):
            fall_silent()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_other_transactions_may_be_silent():
    with outbox.brief_transaction():
        pass
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("0",)
