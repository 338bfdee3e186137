from datetime import timedelta

import pytest
from django.db.models import F

from search.indexing import outbox
from search.indexing.marks import gather_marks, mark_stale
from tests.outbox import stale_products

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]


def test_a_worker_that_gives_signs_of_life_keeps_its_claim(monkeypatch):
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
    assert stale_products().filter(alive_at__gt=F("claimed_at")).count() == 0
    now[0] = 15.0
    lease.renew()
    assert list(
        stale_products().filter(alive_at__gt=F("claimed_at")).values_list("product_key", flat=True)
    ) == ["2"]
    assert [claim.key for claim in outbox.claim_retry()] == [
        "1"
    ]  # its claim is another one's by now, which gave no sign
