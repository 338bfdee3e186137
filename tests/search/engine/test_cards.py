"""What lists show of products: kept with the index, and read from the host where it may have changed since."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from search.engine import find_similar, search
from search.indexing.batches import index_due
from search.indexing.building import begin_build, request_build
from search.indexing.reconcile import reconcile
from search.models import IndexEntry, StoredCard
from shop.models import Product
from shop.search_index import ShopProductIndex, set_published
from tests.outbox import stale_products
from tests.search.products import build_version, drain, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


@pytest.fixture(autouse=True)
def products(index_settings) -> list[Product]:
    made = [make_product(f"A{number}", price=100 + number) for number in range(3)]
    build_version()
    return made


def prices() -> dict[str, Decimal]:
    return {result.card.sku: result.card.price for result in search("shirt").results}


def test_a_page_reads_no_table_of_the_host(products):
    for ask in (lambda: search("shirt"), lambda: search(""), lambda: find_similar(str(products[0].pk))):
        with CaptureQueriesContext(connection) as asked:
            results = ask().results
        assert len(results) >= 2
        assert [one["sql"] for one in asked if '"shop_' in one["sql"]] == []


def test_they_are_those_of_the_host(products, search_settings):
    stored = {result.key: result.card for result in search("shirt").results}
    assert stored.keys() == {str(product.pk) for product in products}
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"CARDS": "live"}
    assert {result.key: result.card for result in search("shirt").results} == stored


def test_a_change_shows_at_once_though_no_worker_has_seen_it(products):
    products[1].price = 7
    products[1].save()
    assert prices()["A1"] == 7
    drain()
    with CaptureQueriesContext(connection) as asked:
        assert prices()["A1"] == 7
    assert not [one for one in asked if '"shop_' in one["sql"]]


def test_what_is_withdrawn_is_not_shown(products):
    set_published([products[0].pk], published=False)
    assert prices().keys() == {"A1", "A2"}
    drain()
    assert not StoredCard.objects.filter(product_key=str(products[0].pk)).exists()


def test_a_rebuild_has_nothing_read_from_the_host(products):
    begin_build(request_build("rebuild", by="anna")[0].pk)
    assert stale_products().filter(backfill=True).count() == 3
    with CaptureQueriesContext(connection) as asked:
        assert len(search("shirt").results) == 3
    assert not [one for one in asked if '"shop_' in one["sql"]]


def test_live_cards_are_read_at_each_look(products, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"CARDS": "live"}
    Product.objects.filter(pk=products[2].pk).update(price=9)  # without a signal
    assert prices()["A2"] == 9


def test_a_product_indexed_by_the_release_before_is_read_from_the_host():
    StoredCard.objects.all().delete()
    assert prices() == {"A0": 100, "A1": 101, "A2": 102}
    assert reconcile() == 0
    assert StoredCard.objects.count() == 3


def test_a_card_alone_that_has_changed_is_found_by_the_comparison(monkeypatch):
    usual = ShopProductIndex.card
    monkeypatch.setattr(ShopProductIndex, "card", lambda self, one: replace(usual(self, one), currency="CHF"))
    hashes = list(IndexEntry.objects.values_list("updated_at", flat=True))
    assert reconcile() == 0
    assert {result.card.currency for result in search("shirt").results} == {"CHF"}
    assert list(IndexEntry.objects.values_list("updated_at", flat=True)) == hashes


def test_a_text_that_postgres_does_not_take_is_made_at_each_look(products, monkeypatch):
    usual = ShopProductIndex.card
    monkeypatch.setattr(ShopProductIndex, "card", lambda self, one: replace(usual(self, one), brand="A\0B"))
    products[0].save()
    drain()
    assert not stale_products().exists()
    assert StoredCard.objects.get(product_key=str(products[0].pk)).card is None
    assert {result.card.brand for result in search("shirt").results} == {"A\0B", "Acme"}
    assert reconcile() == 0


def test_a_card_that_fails_is_kept_no_longer(products, monkeypatch):
    def card(self, product):
        raise LookupError(product.sku)

    monkeypatch.setattr(ShopProductIndex, "card", card)
    products[0].save()
    index_due(seconds=60)
    answer = search("shirt")
    assert [result.card.sku for result in answer.results] == ["A1", "A2"]
    assert answer.left_out == ("cards",)


def test_products_of_a_page_are_read_together_when_one_is_asked_for(products):
    answer = search("shirt")
    Product.objects.filter(pk=products[0].pk).delete()
    with CaptureQueriesContext(connection) as asked:
        found = [result.product for result in answer.results]
    of_products = [one for one in asked if 'FROM "shop_product"' in one["sql"]]
    assert len(of_products) == 1
    assert {product.sku for product in found if product} == {"A1", "A2"}
    assert found.count(None) == 1


def test_what_is_no_choice_is_refused(search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"CARDS": "lively"}
    with pytest.raises(ImproperlyConfigured, match="must be 'stored' or 'live', not 'lively'"):
        search("shirt")
