"""One product for which the host's code fails, whatever it raises: no batch, comparison or page ends with it, and the admin lists why."""

from contextlib import nullcontext

import pytest
from django.db import connection, transaction

from search import registry
from search.engine import find_similar, search
from search.indexing import batches, reconcile
from search.models import IndexEntry, StaleProduct
from shop.models import Product
from shop.search_index import ShopProductIndex
from tests.search.products import begin_version, build_version, drain, make_product

pytestmark = pytest.mark.django_db(transaction=True)

NOTED = "/admin/fashion_search/indexentry/"


def ask_wrongly(*_: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def recur(*_: object) -> None:
    recur()


RAISES = {
    "an error of Python": lambda *_: [][0],
    "an error of Postgres": ask_wrongly,
    "a recursion": recur,
    "nothing": lambda *_: None,
}


@pytest.fixture(params=RAISES)
def raises(request):
    """What the host's method does for one product."""
    return RAISES[request.param]


@pytest.fixture
def shirts(index_settings, settings, tmp_path) -> list[Product]:
    settings.MEDIA_ROOT = str(tmp_path)
    registry.sparing.forget()
    batches.sparing.forget()
    return [make_product(f"S{number}") for number in range(3)]


@pytest.fixture
def fail(monkeypatch, shirts, raises):
    """Have a method of the index fail for the second product."""

    def fail(method: str) -> Product:
        usual = getattr(ShopProductIndex, method)
        wrong = shirts[1]
        monkeypatch.setattr(
            ShopProductIndex, method, lambda self, one: raises() if one.pk == wrong.pk else usual(self, one)
        )
        return wrong

    return fail


def skus(answer) -> set[str]:
    return {result.card.sku for result in answer.results}


def test_a_document_that_fails_keeps_no_other_from_the_index(fail, shirts, staff, caplog):
    wrong = fail("document")
    begin_version()
    drain()
    assert set(IndexEntry.objects.values_list("sku", flat=True)) == {"s0", "s2"}
    row = StaleProduct.objects.get()
    assert (row.product_key, row.last_error[:19]) == (str(wrong.pk), "document() failed: ")
    assert f"Product {wrong.pk} cannot be indexed: {row.last_error}" in caplog.text
    page = staff.get("/admin/fashion_search/staleproduct/?state=failed").content.decode()
    assert "document() failed: " in page


def test_a_document_that_fails_later_keeps_what_is_indexed(fail, shirts):
    build_version()
    wrong = fail("document")
    wrong.name = "blue blouse"
    wrong.save()
    shirts[0].name = "green jacket"
    shirts[0].save()
    drain()
    assert skus(search("jacket")) >= {"S0"}
    assert reconcile.reconcile() == 0  # it waits to be tried again, and nothing else has changed
    StaleProduct.objects.update(parked=True)
    assert reconcile.reconcile() == 0
    assert skus(search("shirt")) == {"S0", "S1", "S2"}
    assert StaleProduct.objects.get().last_error.startswith("document() failed: ")


def test_a_card_that_fails_leaves_its_product_out_and_is_listed(fail, shirts, staff, client, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    wrong = fail("card")
    build_version()
    assert IndexEntry.objects.count() == 3
    for around in (nullcontext, transaction.atomic):
        with around():
            answer = search("shirt")
            assert (skus(answer), answer.left_out) == ({"S0", "S2"}, ("cards",))
            assert skus(find_similar(str(shirts[0].pk))) == {"S2"}
    assert client.get("/search/?q=shirt").status_code == 200
    assert client.get("/api/v1/search/?q=shirt").json()["left_out"] == ["cards"]
    assert client.get("/api/v1/products/S0/similar/").json()["left_out"] == ["cards"]
    page = staff.get(NOTED).content.decode()
    assert "card() failed: " in page
    assert f">{wrong.pk}</a>" in page
    assert f">{shirts[0].pk}</a>" not in page
    assert f">{wrong.pk}</a>" in staff.get(f"{NOTED}?noted=card").content.decode()
    assert f">{wrong.pk}</a>" not in staff.get(f"{NOTED}?noted=document").content.decode()
