import pytest

from search.indexing.reconcile import reconcile
from search.models import IndexEntry, StaleProduct
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
