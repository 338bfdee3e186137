import pytest
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext

from search import tasks
from search.indexing import reconcile as reconciling
from search.indexing.reconcile import begin_round, reconcile, reconcile_for
from search.models import IndexEntry, ReconcileRound, StaleProduct
from shop.models import Product
from tests.outbox import stale_products
from tests.search.products import begin_version, drain, make_product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]


@pytest.fixture(autouse=True)
def products(index_settings) -> list[Product]:
    made = [make_product(f"A{number}") for number in range(3)]
    begin_version()
    drain()
    return made


def test_nothing_has_changed():
    assert reconcile() == 0


def test_a_write_without_signals_is_found(products):
    Product.objects.filter(pk=products[1].pk).update(price=5)
    assert reconcile() == 1
    drain()
    assert IndexEntry.objects.get(sku="a1").price == 5
    assert reconcile() == 0


def test_an_unpublished_product_and_a_missing_entry_are_found(products):
    Product.objects.filter(pk=products[0].pk).update(published=False)
    IndexEntry.objects.filter(sku="a1").delete()
    assert reconcile() == 2
    drain()
    assert sorted(IndexEntry.objects.values_list("sku", flat=True)) == ["a1", "a2"]


def test_a_parked_product_is_marked_only_if_it_has_changed(products):
    key = str(products[0].pk)
    IndexEntry.objects.filter(product_key=key).update(embedded_hash="")
    StaleProduct.objects.create(product_key=key, marked_at=products[0].created, parked=True)
    assert reconcile() == 0
    Product.objects.filter(pk=products[0].pk).update(price=5)
    assert reconcile() == 1
    assert not stale_products().get().parked


class Killed(BaseException):
    """What ends a process; nothing catches it."""


@pytest.fixture
def one_by_one(monkeypatch):
    monkeypatch.setattr(reconciling, "BATCH", 1)


def waiting() -> set[str]:
    return set(StaleProduct.objects.values_list("product_key", flat=True))


@pytest.mark.usefixtures("one_by_one")
class TestSlices:
    def test_each_run_goes_on_where_the_last_one_ended(self, products):
        Product.objects.update(price=5)
        for number, product in enumerate(products):
            assert (reconcile_for(0).marked, len(waiting())) == (1, number + 1)
            assert str(product.pk) in waiting()
        ends = [reconcile_for(0).goes_on for _ in range(4)]  # three entries, each compared with its product
        assert ends == [True, True, True, False]
        kept = ReconcileRound.objects.get()
        assert (kept.begun_at, kept.compared, kept.marked) == (None, 3, 3)
        assert kept.ended_at is not None

    def test_a_run_in_time_compares_all(self, products):
        Product.objects.filter(pk=products[2].pk).update(price=5)
        Product.objects.filter(pk=products[0].pk).update(published=False)
        result = reconcile_for(600)
        assert (result.marked, result.goes_on) == (2, False)
        assert waiting() == {str(products[0].pk), str(products[2].pk)}

    def test_what_is_to_go_on_begins_nothing(self):
        assert not reconcile_for(600, begin=False).goes_on
        assert not ReconcileRound.objects.exists()
        reconcile_for(0)
        assert not reconcile_for(600, begin=False).goes_on
        assert ReconcileRound.objects.get().compared == 3

    def test_a_round_that_is_begun_anew_compares_all_again(self, products):
        reconcile_for(0)
        Product.objects.filter(pk=products[0].pk).update(price=5)
        begin_round()
        reconcile_for(600)
        assert waiting() == {str(products[0].pk)}

    def test_a_round_begun_anew_meanwhile_keeps_its_place(self, monkeypatch):
        real = reconciling.enter_products

        def enter(keys, *, reread):
            begin_round()
            return real(keys, reread=reread)

        with monkeypatch.context() as patch:
            patch.setattr(reconciling, "enter_products", enter)
            assert reconcile_for(600).goes_on
        kept = ReconcileRound.objects.get()
        assert (kept.after, kept.compared) == (None, 0)

    def test_what_was_killed_goes_on_and_passes_over_what_kills_it_again(self, products, monkeypatch, caplog):
        Product.objects.update(price=5)
        real = reconciling.prepare

        def prepare(index, product, tags):
            if product.pk == products[1].pk:
                raise Killed
            return real(index, product, tags)

        monkeypatch.setattr(reconciling, "prepare", prepare)
        for _ in range(1 + reconciling.MOST_STARTS):
            with pytest.raises(Killed):
                reconcile_for(600)
            assert waiting() == {str(products[0].pk)}
        result = reconcile_for(600)
        with pytest.raises(RuntimeError, match="ended its worker 2 times"):
            result.attempts.raise_any()
        assert waiting() == {str(products[0].pk), str(products[2].pk)}

    def test_a_batch_that_fails_keeps_no_other_back_and_fails_the_task(self, products, monkeypatch):
        Product.objects.update(price=5)
        real = reconciling.prepare

        def prepare(index, product, tags):
            if product.pk == products[1].pk:
                raise DataError("no such text")
            return real(index, product, tags)

        monkeypatch.setattr(reconciling, "prepare", prepare)
        with pytest.raises(DataError):
            tasks.reconcile()
        assert waiting() == {str(products[0].pk), str(products[2].pk)}
        with pytest.raises(DataError):
            reconcile()

    def test_the_task_asks_for_the_rest(self, published, monkeypatch):
        monkeypatch.setattr(tasks, "RECONCILE_SECONDS", 0.0)
        tasks.reconcile()
        for _ in range(6):
            assert published.pop() == ("reconcile_further",)
            tasks.reconcile_further()
        assert published == []
        tasks.reconcile_further()
        assert ReconcileRound.objects.get().compared == 3

    def test_a_key_that_can_be_no_product_is_gone(self):
        IndexEntry.objects.filter(sku="a1").update(product_key="no number")
        assert reconcile_for(600).marked == 2
        assert "no number" in waiting()


def test_statements_grow_with_batches_only(products, monkeypatch):
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert reconcile() == 0
        return len(captured)

    few = statements()
    for number in range(3, 12):
        make_product(f"A{number}")
    drain()
    assert statements() == few
    monkeypatch.setattr(reconciling, "BATCH", 4)
    assert statements() <= 4 * few
