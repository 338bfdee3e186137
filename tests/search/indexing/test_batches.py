from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile

from search.encoders.cache import forget_artifacts
from search.encoders.sessions import Encoders
from search.indexing import batches, documents, outbox
from search.indexing.failures import count_failures
from search.indexing.reconcile import reconcile
from search.models import EntryImage, IndexEntry, IndexVersion
from search.monitoring.index_metrics import _lacking
from shop.models import Product
from shop.search_index import ShopProductIndex
from tests.outbox import stale_products
from tests.search.products import add_picture, begin_version, colour_picture, drain, make_product
from tests.tiny_artifact import write_tiny_artifact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]


@pytest.fixture
def encoded(monkeypatch) -> dict[str, int]:
    """How many pictures and texts were encoded."""
    counts = {"images": 0, "texts": 0}
    for kind in counts:
        real = getattr(Encoders, f"encode_{kind}")

        def counting(self, items, kind=kind, real=real):
            counts[kind] += len(items)
            return real(self, items)

        monkeypatch.setattr(Encoders, f"encode_{kind}", counting)
    return counts


def test_a_product_becomes_an_entry_with_embeddings(index_settings):
    product = make_product("A1", colour="red")
    begin_version()
    drain()
    entry = IndexEntry.objects.get()
    assert (entry.product_key, entry.sku, entry.name, entry.price) == (
        str(product.pk),
        "a1",
        "red Shirt",
        100,
    )
    assert sorted(entry.facets) == ["brand=Acme", "category=Shirts", "colour=red", "gender=Women"]
    assert entry.content_hash == entry.embedded_hash
    assert np.linalg.norm(entry.text_embedding) == pytest.approx(1, abs=1e-3)
    assert np.linalg.norm(entry.images.get().embedding) == pytest.approx(1, abs=1e-3)
    assert not stale_products().exists()


def test_keyword_parts_are_written_before_embeddings(index_settings, monkeypatch):
    index_settings.FASHION_SEARCH = {**index_settings.FASHION_SEARCH, "BATCH_SIZE": 2}
    for number in range(3):
        make_product(f"A{number}")
    begin_version()
    assert batches._index_next()
    assert IndexEntry.objects.filter(embedded_hash="").count() == 3
    assert stale_products().filter(text_written=True, attempts=0, claimed_at=None).count() == 3
    drain()
    assert IndexEntry.objects.exclude(embedded_hash="").count() == 3


def test_what_has_not_changed_is_not_encoded_again(encoded):
    product = make_product("A1")
    begin_version()
    drain()
    assert encoded == {"images": 1, "texts": 1}
    product.price = 200
    product.save()
    drain()
    assert encoded == {"images": 1, "texts": 1}
    assert IndexEntry.objects.get().price == 200
    product.name = "red dress"
    product.save()
    drain()
    assert encoded == {"images": 1, "texts": 2}


def test_a_picture_overwritten_under_its_name_is_encoded_again(encoded):
    product = make_product("A1", colour="red")
    begin_version()
    drain()
    before = EntryImage.objects.get().embedding
    name = product.images.get().image.name
    storage = product.images.get().image.storage
    storage.delete(name)
    assert storage.save(name, ContentFile(colour_picture("blue"))) == name
    product.save()
    drain()
    assert encoded["images"] == 2
    assert EntryImage.objects.get().embedding != before


def test_removing_a_picture_removes_its_embedding():
    product = make_product("A1", pictures=2)
    begin_version()
    drain()
    product.images.first().delete()
    drain()
    assert list(EntryImage.objects.values_list("position", "name")) == [(0, product.images.get().image.name)]


def test_a_bad_picture_fails_only_itself():
    good, bad = make_product("A1"), make_product("A2")
    picture = add_picture(bad, b"no picture", position=1)
    begin_version()
    drain()
    assert list(stale_products().values_list("product_key", "attempts")) == [(str(bad.pk), 1)]
    assert IndexEntry.objects.get(product_key=good.pk).error == ""
    entry = IndexEntry.objects.get(product_key=bad.pk)
    name = picture.image.name
    assert entry.error == f"{name}: The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture."
    assert entry.text_embedding is not None
    assert [image.embedding is None for image in entry.images.order_by("position")] == [False, True]


def test_a_repaired_picture_clears_the_error():
    product = make_product("A1", pictures=0)
    picture = add_picture(product, b"no picture")
    begin_version()
    drain()
    picture.image.save("good.png", ContentFile(colour_picture("red")))
    drain()
    assert not stale_products().exists()
    image = EntryImage.objects.get()
    assert (image.error, image.embedding is None) == ("", False)
    assert IndexEntry.objects.get().error == ""


def test_a_storage_that_is_away_costs_no_embedding():
    product = make_product("A1")
    begin_version()
    drain()
    picture = product.images.get()
    picture.image.storage.delete(picture.image.name)
    product.save()
    drain()
    assert IndexEntry.objects.get().error.startswith(
        f"{picture.image.name}: The file cannot be read: FileNotFound"
    )
    assert EntryImage.objects.get().embedding is not None


def test_a_product_that_is_deleted_or_unpublished_loses_its_entry():
    hidden, deleted = make_product("A1"), make_product("A2")
    begin_version()
    drain()
    hidden.published = False
    hidden.save()
    deleted.delete()
    drain()
    assert not IndexEntry.objects.exists()
    assert not EntryImage.objects.exists()
    assert not stale_products().exists()


def test_an_error_in_the_hosts_document_fails_only_its_product(monkeypatch):
    good, bad = make_product("A1"), make_product("A2")
    begin_version()
    real = ShopProductIndex.document

    def document(self, product: Product):
        if product.pk == bad.pk:
            raise KeyError("size")
        return real(self, product)

    monkeypatch.setattr(ShopProductIndex, "document", document)
    drain()
    assert list(IndexEntry.objects.values_list("product_key", flat=True)) == [str(good.pk)]
    assert stale_products().get().last_error == "document() failed: KeyError: 'size'"


def test_a_value_that_postgres_refuses_fails_only_its_product(monkeypatch):
    products = [make_product(f"A{number}") for number in range(3)]
    begin_version()
    real = ShopProductIndex.document

    def document(self, product: Product):
        from dataclasses import replace

        found = real(self, product)
        return replace(found, price=Decimal("1e20")) if product.pk == products[1].pk else found

    monkeypatch.setattr(ShopProductIndex, "document", document)
    monkeypatch.setattr(documents, "HIGHEST_PRICE", Decimal("1e30"))  # what cleaning let through by mistake
    drain()
    assert sorted(IndexEntry.objects.values_list("sku", flat=True)) == ["a0", "a2"]
    assert stale_products().get().last_error.startswith("Postgres refused the entry: numeric field overflow")


def test_a_version_whose_artifact_is_gone_holds_up_no_other():
    make_product("A1")
    version = begin_version()
    gone = IndexVersion.objects.create(
        artifact_path="/nowhere",
        artifact_name="gone",
        fingerprint="0" * 64,
        dimension=32,
        state="active",
        total=1,
    )
    drain()
    assert IndexEntry.objects.get(version=version).embedded_hash != ""
    entry = IndexEntry.objects.get(version=gone)
    assert (entry.sku, entry.embedded_hash) == ("a1", "")
    gone.refresh_from_db()
    assert "The artifact /nowhere cannot be read" in gone.lack
    row = stale_products().get()
    assert (row.attempts, row.parked, row.claimed_at, row.next_attempt_at) == (0, False, None, None)
    assert row.last_error == (
        f"The artifact gone (00000000) of version {gone.pk} cannot be used by a worker, which leaves its"
        " embeddings to others."
    )


def test_an_unexpected_error_postpones_the_batch_and_fails_the_task(monkeypatch):
    make_product("A1")
    begin_version()

    def broken(self):
        raise RuntimeError("broken queryset")

    monkeypatch.setattr(ShopProductIndex, "get_queryset", broken)
    with pytest.raises(RuntimeError, match="broken queryset"):
        batches.index_due(seconds=5)
    row = stale_products().get()
    assert (row.attempts, row.last_error) == (0, "RuntimeError: broken queryset")
    assert not outbox.is_due()


def fails_for(monkeypatch, method: str, product: Product, error: BaseException) -> None:
    """Have a method of the shop's index raise for one product."""
    real = getattr(ShopProductIndex, method)
    key = str(product.pk)

    def failing(self, given):
        if getattr(given, "key", None) == key or getattr(given, "pk", None) == product.pk:
            raise error
        return real(self, given)

    monkeypatch.setattr(ShopProductIndex, method, failing)


@pytest.mark.parametrize("method", ["document", "encoded_text"])
def test_what_the_host_raises_for_one_product_is_kept_with_it(monkeypatch, method):
    products = [make_product(f"A{number}") for number in range(3)]
    begin_version()
    fails_for(monkeypatch, method, products[1], KeyError("size"))
    drain()
    assert sorted(IndexEntry.objects.values_list("sku", flat=True)) == ["a0", "a2"]
    assert stale_products().get().last_error == f"{method}() failed: KeyError: 'size'"
    assert count_failures()["document"] == 1


def test_a_product_that_cannot_be_read_fails_alone(monkeypatch):
    products = [make_product(f"A{number}") for number in range(3)]
    begin_version()
    real = Product.from_db.__func__

    def from_db(cls, db, names, values):
        product = real(cls, db, names, values)
        if product.pk == products[1].pk:
            raise ValueError("no such colour")
        return product

    monkeypatch.setattr(Product, "from_db", classmethod(from_db))
    drain()
    assert sorted(IndexEntry.objects.values_list("sku", flat=True)) == ["a0", "a2"]
    assert stale_products().get().last_error == "get_queryset() failed: ValueError: no such colour"
    assert reconcile() == 0
    IndexEntry.objects.filter(sku="a2").update(content_hash="other")
    assert reconcile() == 1  # the one that cannot be read keeps no other from being compared


def test_time_that_is_up_is_no_products_fault(monkeypatch):
    products = [make_product(f"A{number}") for number in range(2)]
    begin_version()
    fails_for(monkeypatch, "document", products[0], SoftTimeLimitExceeded())
    with pytest.raises(SoftTimeLimitExceeded):
        batches.index_due(seconds=60)
    assert {row.attempts for row in stale_products()} == {0}


def test_a_document_with_odd_values_is_indexed_with_a_note_and_one_line(monkeypatch, caplog):
    products = [make_product(f"A{number}") for number in range(30)]
    begin_version()
    real = ShopProductIndex.document
    odd = {"brand": ("", None), "colour": " Red ", "size": (38,), "category": ("A", "B", "A")}
    monkeypatch.setattr(
        ShopProductIndex, "document", lambda self, one: replace(real(self, one), facets=odd, price="9.90")
    )
    batches.sparing.forget()
    drain()
    entry = IndexEntry.objects.get(sku="a0")
    assert entry.facets == ["colour=Red", "size=38", "category=A", "category=B"]
    assert entry.price == Decimal("9.90")
    assert entry.notes.splitlines() == [
        'facet "brand": a blank value was left out',
        "facet \"colour\": a single value was taken as a tuple of one (' Red ')",
        "facet \"colour\": white space or characters that do not show were taken out (' Red ')",
        'facet "size": a value of the type int was converted to text (38)',
        "facet \"category\": a category occurred twice in its path; the first occurrence was kept ('A')",
        "price: a value of the type str was converted to a Decimal ('9.90')",
    ]
    said = [record.getMessage() for record in caplog.records if record.name == "search.indexing.batches"]
    assert len(said) == 6
    keys = {str(product.pk) for product in products}
    assert said[0].split()[4].rstrip(":") in keys
    assert said[0].endswith('facet "brand": a blank value was left out')
    monkeypatch.setattr(ShopProductIndex, "document", real)
    reconcile()
    drain()
    assert set(IndexEntry.objects.values_list("notes", flat=True)) == {""}


# A worker takes from the outbox what it can do, and leaves the rest to others untouched.


@pytest.fixture
def away(index_settings, tmp_path: Path):
    """A version of an artifact that is nowhere to be found; calling it puts the artifact back."""
    folder = tmp_path / "known" / "a"
    write_tiny_artifact(folder, seed=9)
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"ARTIFACT": str(folder)}
    begin_version()
    folder.parent.rename(tmp_path / "away")
    forget_artifacts()

    def back() -> None:
        (tmp_path / "away").rename(folder.parent)
        forget_artifacts()

    return back


def test_a_worker_without_the_artifact_claims_nothing_to_embed(away):
    for number in range(3):
        make_product(f"A{number}")
    drain()
    version = IndexVersion.objects.get()
    rows = list(stale_products())
    assert [(row.attempts, row.parked, row.claimed_at, row.next_attempt_at) for row in rows] == [
        (0, False, None, None)
    ] * 3
    assert "The artifact" in version.lack
    assert count_failures()["artifact"] == 3
    assert _lacking().samples[0].value == 1
    # What needs no artifact is done: products are found by their words.
    assert sorted(IndexEntry.objects.values_list("sku", "embedded_hash")) == [
        ("a0", ""),
        ("a1", ""),
        ("a2", ""),
    ]
    drain()
    assert not outbox.claim_retry()

    away()
    drain()
    version.refresh_from_db()
    assert (stale_products().count(), version.lack) == (0, "")
    assert IndexEntry.objects.filter(embedded_hash="").count() == 0
    assert EntryImage.objects.exclude(embedding=None).count() == 3


def test_what_one_worker_lacks_another_takes_at_once(away, monkeypatch):
    make_product("A1")
    drain()  # the worker of a host that lacks the artifact
    assert outbox.is_due()
    away()  # the worker of a host that has it
    (claim,) = outbox.claim_fresh(5)
    assert claim.attempts == 1


def test_a_worker_that_has_one_of_two_artifacts_does_its_part_once(
    away, index_settings, tiny_artifact, monkeypatch
):
    product = make_product("A1")
    lacked = IndexVersion.objects.get()
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"ARTIFACT": str(tiny_artifact)}
    IndexVersion.objects.update(state="active")
    had = begin_version()
    drain()
    assert IndexEntry.objects.get(version=had).embedded_hash != ""
    assert IndexEntry.objects.get(version=lacked).embedded_hash == ""
    row = stale_products().get()
    assert (row.product_key, row.attempts, row.claimed_at, row.parked) == (str(product.pk), 0, None, False)

    monkeypatch.setattr(outbox, "leave", None)  # it is not taken a second time
    drain()

    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"ARTIFACT_FOLDERS": [row_folder(lacked)]}
    away()
    drain()
    assert stale_products().count() == 0
    assert IndexEntry.objects.filter(embedded_hash="").count() == 0


def row_folder(version: IndexVersion) -> str:
    return str(Path(version.artifact_path).parent)


def test_what_a_version_was_refused_for_stays_while_products_are_indexed():
    make_product("A1")
    begin_version()
    IndexVersion.objects.update(state="ready", error="ANN recall@24 is 0.500, below 0.95: not activated.")
    drain()
    assert IndexVersion.objects.get().error == "ANN recall@24 is 0.500, below 0.95: not activated."
