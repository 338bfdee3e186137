from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from search.indexing import building
from search.models import EntryImage, StaleMark, StaleProduct
from search.monitoring import index_probes
from search.monitoring.index_probes import (
    probe_index,
    probe_pictures,
    probe_pictures_quickly,
    probe_staleness,
)
from search.monitoring.probes import Finding, State
from shop.models import Product
from shop.search_index import ShopProductIndex
from tests.outbox import stale_products
from tests.search.monitoring.conftest import of
from tests.search.products import drain, make_product

OK, ATTENTION, BROKEN = State.OK, State.ATTENTION, State.BROKEN
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


def test_a_whole_one(active):
    checks = probe_index()
    assert {check.state for check in checks} == {OK}
    assert [check.name for check in checks] == [
        "Active version", "Artifact", "Text search configuration", "HNSW indexes", "ANN recall",
        "Picture embeddings", "Entries", "Documents", "Cards",
    ]  # fmt: skip
    assert of(checks, "Artifact") == (OK, "tiny matches the active version.")
    assert of(checks, "Entries") == (OK, "2 products, 2 of them in the index.")
    assert of(checks, "ANN recall")[1].startswith("1.000 of the exact scan's nearest 24")


def test_none():
    (check,) = probe_index()
    assert (check.state, check.remedy) == (BROKEN, "Start a rebuild.")
    building.request_build("rebuild", by="anna")
    (check,) = probe_index()
    assert (check.state, check.remedy) == (BROKEN, "Wait for the build that runs.")


def test_documents_that_were_changed_and_cards_that_fail(active, monkeypatch):
    first, second = Product.objects.order_by("pk")
    real = ShopProductIndex.document
    odd = {"brand": ("", "Acme")}
    monkeypatch.setattr(
        ShopProductIndex,
        "document",
        lambda self, one: replace(real(self, one), facets=odd) if one.pk == first.pk else real(self, one),
    )
    card = ShopProductIndex.card
    monkeypatch.setattr(
        ShopProductIndex, "card", lambda self, one: [][0] if one.pk == second.pk else card(self, one)
    )
    for product in (first, second):
        product.save()
    drain()
    checks = probe_index()
    blank = f'product {first.pk}: facet "brand": a blank value was left out'
    assert of(checks, "Documents") == (
        ATTENTION,
        f"Of 1 product something was left out or changed. The first, {blank}",
    )
    failed = f"product {second.pk}: card() failed: IndexError: list index out of range"
    assert of(checks, "Cards") == (BROKEN, f"Lists leave 1 product out. The first, {failed}")


@pytest.mark.parametrize(
    ("without", "state", "sentence"),
    [
        (0, OK, "2 of 2 pictures have an embedding."),
        (
            1,
            ATTENTION,
            "1 of 2 pictures have an embedding. The others are not found by what they look like.",
        ),
        (
            2,
            BROKEN,
            "0 of 2 pictures have an embedding. The others are not found by what they look like.",
        ),
    ],
)
def test_pictures_without_an_embedding(active, without, state, sentence):
    lacking = EntryImage.objects.order_by("pk").values_list("pk", flat=True)[:without]
    EntryImage.objects.filter(pk__in=list(lacking)).update(embedding=None)
    assert of(probe_index(), "Picture embeddings") == (state, sentence)


@pytest.mark.parametrize("most", [0.0, 0.4, 0.5, 0.9])
@pytest.mark.parametrize("without", [0, 1, 2])
def test_the_quick_count_of_pictures_comes_to_the_same(active, index_settings, without, most):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"VERIFY_MAX_FAILED": most}
    lacking = EntryImage.objects.order_by("pk").values_list("pk", flat=True)[:without]
    EntryImage.objects.filter(pk__in=list(lacking)).update(embedding=None)
    assert probe_pictures_quickly(active).state is probe_pictures(active).state


def test_a_shop_without_pictures(active):
    EntryImage.objects.all().delete()
    assert of(probe_index(), "Picture embeddings") == (OK, "No product has a picture.")


def test_a_shop_without_products(active):
    Product.objects.all().delete()
    sentence = "The registered queryset finds no product, so no search can find anything."
    assert of(probe_index(), "Entries") == (BROKEN, sentence)


def test_products_that_nobody_told_of(active):
    Product.objects.bulk_create(
        [Product(sku="A9", slug="a9", name="Hat", category=Product.objects.first().category)]
    )
    sentence = "3 products, but 2 entries in the index, and nothing waits for it."
    assert of(probe_index(), "Entries") == (ATTENTION, sentence)
    StaleProduct.objects.create(product_key="9", marked_at=timezone.now())
    assert of(probe_index(), "Entries")[0] is OK


class TestStaleness:
    @pytest.mark.parametrize(
        ("seconds", "state", "age"),
        [(30, OK, "30 s"), (90, ATTENTION, "1 min 30 s"), (1000, BROKEN, "16 min")],
    )
    def test_by_the_oldest_change(self, seconds, state, age):
        for later in (0, 5):
            moment = timezone.now() - timedelta(seconds=seconds - later)
            StaleProduct.objects.create(product_key=str(later), marked_at=moment)
        check = probe_staleness()
        assert (check.state, check.sentence) == (
            state,
            f"2 changed products not indexed yet, the oldest for {age}.",
        )

    def test_nothing_waits(self):
        old = timezone.now() - timedelta(days=1)
        StaleProduct.objects.create(product_key="1", marked_at=old, parked=True)
        assert probe_staleness() == Finding("Up to date", OK, "No changed product waits.")

    def test_planned_attempts_and_what_a_build_marked_wait_their_turn(self):
        old, ahead = timezone.now() - timedelta(days=1), timezone.now() + timedelta(seconds=30)
        StaleProduct.objects.create(product_key="1", marked_at=old, attempts=1, next_attempt_at=ahead)
        assert probe_staleness().sentence == "1 changed product failed and will be tried again."
        StaleProduct.objects.create(product_key="2", marked_at=old, backfill=True)
        assert probe_staleness().state is BROKEN
        building.request_build("rebuild", by="anna")
        assert probe_staleness().state is OK


def test_of_many_products_the_newest_are_looked_for_and_none_is_counted(active, monkeypatch):
    monkeypatch.setattr(index_probes, "COUNTED", 1)
    monkeypatch.setattr(index_probes, "LOOKED_FOR", 2)
    sentence = "2 entries; of the newest 2 products none is missing among them."
    assert of(probe_index(), "Entries") == (OK, sentence)
    added = make_product("new")
    assert of(probe_index(), "Entries") == (OK, sentence)  # it waits
    stale_products().delete()
    StaleMark.objects.all().delete()
    state, sentence = of(probe_index(), "Entries")
    assert (state, sentence) == (
        ATTENTION,
        "Of the newest 2 products 1 are not in the index, and nothing waits for them.",
    )
    StaleProduct.objects.create(product_key=str(added.pk), marked_at=timezone.now(), parked=True)
    assert of(probe_index(), "Entries")[0] is OK
