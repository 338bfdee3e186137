"""Marking never makes the host wait: not for other transactions that mark the same products, not for workers, not for builds."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from search.indexing import outbox
from search.indexing.marks import enter_products, mark_stale
from search.indexing.outbox import gather_marks, gather_what_can_be
from shop.models import Product, ProductImage
from tests.search.products import make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings", "published")]
PATIENCE_SECONDS = 20


def in_another_connection(work):
    """Run work in a thread of its own, whose connection gives up after two seconds of waiting for a lock."""

    def run():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            return work()
        finally:
            connection.close()

    return run


def test_transactions_that_change_the_same_products_in_opposite_order_both_commit():
    first, second = make_product("A1"), make_product("A2")
    both_began = threading.Barrier(2)

    def change(*products: Product) -> None:
        # Each changes pictures of its own, so that only the marks could meet.
        with transaction.atomic():
            ProductImage.objects.create(product=products[0], image="a.jpg", position=5 + products[0].pk)
            both_began.wait(PATIENCE_SECONDS)
            ProductImage.objects.create(product=products[1], image="b.jpg", position=7 + products[0].pk)

    with ThreadPoolExecutor() as pool:
        ended = [
            pool.submit(in_another_connection(lambda pair=pair: change(*pair)))
            for pair in ((first, second), (second, first))
        ]
        for future in ended:
            future.result(PATIENCE_SECONDS)
    assert ProductImage.objects.filter(position__gte=5).count() == 4


def test_a_change_does_not_wait_for_an_open_transaction_that_has_marked_the_product():
    product = make_product("A1")
    with transaction.atomic(), ThreadPoolExecutor() as pool:
        mark_stale([str(product.pk)])
        pool.submit(in_another_connection(lambda: mark_stale([str(product.pk)]))).result(PATIENCE_SECONDS)


def test_a_build_that_is_entering_every_product_keeps_no_worker_from_what_is_there():
    mark_stale(["1"])
    gather_marks()
    with transaction.atomic(), ThreadPoolExecutor() as pool:
        enter_products(["2"], reread=False)  # and not committed yet
        mark_stale_in_another = in_another_connection(lambda: mark_stale(["2"]))
        pool.submit(mark_stale_in_another).result(PATIENCE_SECONDS)

        def work() -> list[str]:
            gather_what_can_be()
            return [claim.key for claim in outbox.claim_fresh(5)]

        assert pool.submit(in_another_connection(work)).result(PATIENCE_SECONDS) == ["1"]
    gather_what_can_be()
    assert [claim.key for claim in outbox.claim_fresh(5)] == ["2"]
