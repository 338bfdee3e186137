from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from search.indexing.hnsw import drop_indexes
from search.indexing.reconcile import reconcile
from search.models import EntryImage, IndexEntry, IndexVersion, KeptCount, KeptCountChange, StaleProduct
from search.monitoring.verify import verify
from shop.models import Product, ProductImage
from shop.search_index import ShopProductIndex
from tests.search.products import add_picture, build_version, drain, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


@pytest.fixture(autouse=True)
def version(index_settings):
    for number in range(3):
        make_product(f"A{number}")
    return build_version()


def failed() -> dict[str, str]:
    return {check.name: check.sentence for check in verify().checks if not check.passed}


def test_a_whole_index_passes(version):
    found = verify()
    assert found.passed
    assert (found.version_id, found.failures) == (version.pk, ())
    assert [check.name for check in found.checks] == [
        "active version",
        "pgvector",
        "connections",
        "nothing stale older than a minute",
        "versions in order",
        "no version held back",
        "periodic tasks",
        "artifact",
        "storage",
        "text search configuration",
        "one entry per product",
        "counts kept as counted",
        "documents indexed as given",
        "cards",
        "products indexed wholly",
        "pictures embedded",
        "embeddings present",
        "embeddings of unit length",
        "HNSW indexes valid",
        "ANN recall@24",
    ]


def test_a_missing_and_a_surplus_entry():
    Product.objects.filter(sku="A0").update(published=False)
    IndexEntry.objects.filter(sku="a1").delete()
    assert failed() == {"one entry per product": "2 products, 1 without entry, 1 entries without product."}


def test_an_embedding_that_is_not_of_unit_length():
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fashion_search_entryimage SET embedding = embedding * embedding")
    assert failed() == {
        "embeddings of unit length": "3 not finite, not of unit length, or not of 32 dimensions."
    }


def test_an_embedding_that_is_missing(index_settings):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"VERIFY_MAX_FAILED": 0.4}
    EntryImage.objects.filter(entry__sku="a0").update(embedding=None)
    IndexEntry.objects.filter(sku="a1").update(embedded_hash="")
    assert failed() == {"embeddings present": "3 pictures, 1 without embedding; 1 entries without theirs."}


def test_an_index_that_is_missing(version):
    drop_indexes(version.pk)
    assert failed() == {
        "HNSW indexes valid": f"Missing or invalid: {version.image_index}, {version.text_index}; every search reads all embeddings.",
        "ANN recall@24": "Not measured: an index is missing.",
    }


def test_a_product_that_waits_for_more_than_a_minute():
    StaleProduct.objects.create(product_key="1", marked_at=timezone.now() - timedelta(seconds=90))
    assert list(failed()) == ["nothing stale older than a minute"]


def test_failed_products_are_listed_and_pass(index_settings):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"VERIFY_MAX_FAILED": 0.25}
    product = make_product("B1", pictures=0)
    picture = add_picture(product, b"no picture")
    drain()
    found = verify()
    assert found.passed
    (failure,) = found.failures
    assert (failure.product_key, failure.attempts, failure.parked) == (str(product.pk), 1, False)
    assert (
        failure.reason
        == f"{picture.image.name}: The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture."
    )
    assert failure.pictures == (picture.image.name,)


def test_more_failed_products_than_a_share():
    add_picture(make_product("B1", pictures=0), b"no picture")
    drain()
    assert failed() == {
        "products indexed wholly": "1 of 4 products failed.",
        "pictures embedded": "3 of 4 pictures have an embedding. The others are not found by what they look like.",
    }
    details = {check.name: check.detail for check in verify().checks if not check.passed}
    assert details["products indexed wholly"] == (
        "1 of 4 products failed. These are more than VERIFY_MAX_FAILED (5%); mend the cause, then run: manage.py search_index"
        " reindex"
    )


def test_an_index_without_the_pictures_that_there_are():
    EntryImage.objects.update(embedding=None, error="The file cannot be read.")
    assert list(failed()) == ["pictures embedded", "ANN recall@24"]
    assert failed()["ANN recall@24"] == (
        "pictures not measured: no embeddings, though there are 3 pictures; texts 1.0000;"
        " at least 0.95 of the exact scan."
    )


def test_an_index_without_texts():
    IndexEntry.objects.update(text_embedding=None, error="The encoder failed.")
    assert failed()["ANN recall@24"] == (
        "pictures 1.0000; texts not measured: no embeddings, though there are 3 texts;"
        " at least 0.95 of the exact scan."
    )


def test_a_shop_without_pictures_says_so():
    for picture in ProductImage.objects.all():
        picture.delete()
    drain()
    found = verify()
    details = {check.name: check.detail for check in found.checks}
    assert found.passed
    assert details["pictures embedded"] == "No product has a picture."
    assert details["ANN recall@24"] == (
        "pictures not measured: there are none; texts 1.0000; at least 0.95 of the exact scan."
    )


def test_a_shop_without_products_is_not_well():
    Product.objects.all().delete()
    drain()
    assert failed() == {
        "one entry per product": "0 products, 0 without entry, 0 entries without product."
        " The registered queryset finds none, so no search can find anything."
    }


def test_a_version_that_is_held_back(version):
    held = type(version).objects.create(
        artifact_path="x",
        artifact_name="x",
        fingerprint="x",
        dimension=32,
        state="ready",
        held="It is worse.",
    )
    (found,) = [check for check in verify().checks if not check.passed]
    assert found.detail.startswith(
        f"Version {held.pk} is not activated: It is worse. When the cause is mended, run: "
    )
    assert f"manage.py search_index activate {held.pk} --force" in found.detail


def test_an_artifact_that_is_gone(version):
    type(version).objects.update(fingerprint="0" * 64, artifact_path="/nowhere")
    assert list(failed()) == ["artifact"]


def test_a_worker_that_lacks_the_artifact_is_told(version):
    said = "Host b: The artifact tiny (00000000) is in none of the known folders."
    type(version).objects.update(lacking=said, lacking_at=timezone.now())
    assert failed() == {"artifact": f"A worker lacks it and embeds nothing. {said}"}
    type(version).objects.update(lacking_at=timezone.now() - timedelta(minutes=3))
    assert failed() == {}


def test_a_document_that_had_to_be_changed(monkeypatch):
    product = Product.objects.get(sku="A1")
    real = ShopProductIndex.document
    monkeypatch.setattr(
        ShopProductIndex,
        "document",
        lambda self, one: (
            replace(real(self, one), facets={"brand": ("",)}) if one.pk == product.pk else real(self, one)
        ),
    )
    product.save()
    drain()
    found = (
        "Of 1 product something was left out or changed. The first, "
        f'product {product.pk}: facet "brand": a blank value was left out'
    )
    assert failed() == {"documents indexed as given": found}


def test_a_card_that_fails_was_seen_when_its_product_was_indexed(monkeypatch):
    product = Product.objects.get(sku="A1")
    real = ShopProductIndex.card
    monkeypatch.setattr(
        ShopProductIndex, "card", lambda self, one: [][0] if one.pk == product.pk else real(self, one)
    )
    product.save()
    drain()
    first = f"Lists leave 1 product out. The first, product {product.pk}: card() failed: IndexError: list index out of range"
    assert failed() == {"cards": first}
    monkeypatch.setattr(ShopProductIndex, "card", real)
    assert reconcile() == 0
    assert failed() == {}


def test_a_card_that_fails_since_a_release_of_the_shop(monkeypatch):
    monkeypatch.setattr(ShopProductIndex, "card", lambda self, one: None)
    assert failed()["cards"].endswith(
        "card() failed: TypeError: it returned NoneType instead of a ProductCard"
    )
    assert failed()["cards"].startswith("Lists leave 3 products out. The first, product ")


COUNTS = "counts kept as counted"


def test_triggers_that_are_off_are_told_before_anything_is_wrong(version):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE fashion_search_indexentry DISABLE TRIGGER fashion_search_count_update")
    try:
        assert "gone or disabled" in failed()[COUNTS]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE fashion_search_indexentry ENABLE TRIGGER USER")
    assert failed() == {}


def test_wrong_counts_are_found_and_a_recount_mends_them(version):
    (category, *_) = (token for token in IndexEntry.objects.first().facets if token.startswith("category="))
    for place in ("", category):
        KeptCountChange.objects.create(
            version=version, within=place, token="colour=red", entries=1, in_stock=0
        )
    assert failed()[COUNTS].startswith("2 wrong")
    KeptCount.objects.recount(version)
    assert failed() == {}


def test_a_version_that_nothing_has_counted_yet_is_no_fault(version):
    KeptCount.objects.all().delete()
    IndexVersion.objects.update(counted=False)
    assert failed() == {}
