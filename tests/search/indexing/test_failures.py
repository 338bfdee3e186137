"""Each reason that the code writes counts as its kind."""

import shutil
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from search.encoders.artifact import read_manifest
from search.encoders.cache import encoders_for
from search.exceptions import ArtifactError
from search.indexing import batches, documents, outbox
from search.indexing.failures import KINDS, OTHER, count_failures
from search.models import IndexVersion, StaleProduct
from shop.models import Product
from shop.search_index import ShopProductIndex
from tests.search.products import add_picture, begin_version, drain, make_product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]


def counted() -> dict[str, int]:
    """The kinds of which there are any."""
    return {kind: number for kind, number in count_failures().items() if number}


def test_kinds_of_products_that_fail_alone(monkeypatch):
    good, wrong, refused, damaged, gone = (make_product(f"A{number}", pictures=0) for number in range(5))
    add_picture(damaged, b"no picture")
    lost = add_picture(gone, b"soon gone")
    lost.image.storage.delete(lost.image.name)
    begin_version()
    real = ShopProductIndex.document

    def document(self, product: Product):
        if product.pk == wrong.pk:
            raise KeyError("size")
        found = real(self, product)
        return replace(found, price=Decimal("1e20")) if product.pk == refused.pk else found

    monkeypatch.setattr(ShopProductIndex, "document", document)
    monkeypatch.setattr(documents, "HIGHEST_PRICE", Decimal("1e30"))  # what cleaning let through by mistake
    drain()
    assert counted() == {"document": 1, "refused by Postgres": 1, "file cannot be read": 1, OTHER: 1}
    assert not StaleProduct.objects.filter(product_key=good.pk).exists()


def test_an_artifact_that_is_gone():
    make_product("A1")
    IndexVersion.objects.create(
        artifact_path="/nowhere",
        artifact_name="gone",
        fingerprint="0" * 64,
        dimension=32,
        state="active",
        total=1,
    )
    drain()
    assert counted() == {"artifact": 1}


@pytest.mark.parametrize(
    "prefix", ["", "ArtifactError: "]
)  # as an Embedder says it, and as a batch that ended does
def test_all_that_can_be_wrong_with_an_artifact(prefix, tiny_artifact, tmp_path):
    reasons = [_reason(lambda: read_manifest(tmp_path / "none"))]
    changed = shutil.copytree(tiny_artifact, tmp_path / "changed")
    (changed / "tokenizer.json").write_text("{}")
    reasons.append(_reason(lambda: read_manifest(changed)))
    manifest = (changed / "manifest.json").read_text()
    (changed / "manifest.json").write_text("{")
    reasons.append(_reason(lambda: read_manifest(changed)))
    (changed / "manifest.json").write_text(manifest.replace('"format": ', '"format": 9'))
    reasons.append(_reason(lambda: read_manifest(changed)))
    other = IndexVersion(artifact_path=str(tiny_artifact), fingerprint="0" * 64)
    reasons.append(_reason(lambda: encoders_for(other)))

    _write([prefix + reason for reason in reasons])
    assert counted() == {"artifact": 5}


@pytest.mark.parametrize("error", [OSError("no route"), SoftTimeLimitExceeded(480)])
def test_a_batch_that_ended(monkeypatch, error):
    make_product("A1")
    begin_version()

    def end(_claims):
        raise error

    monkeypatch.setattr(batches, "index_batch", end)
    with pytest.raises(type(error)):
        batches.index_due(seconds=60)
    assert counted() == {"batch": 1}


def test_a_product_that_ended_its_worker():
    make_product("A1")
    begin_version()
    StaleProduct.objects.update(attempts=3, claimed_at=timezone.now() - timedelta(days=1))
    outbox.park_exhausted()
    assert counted() == {"worker ended": 1}


def test_every_kind_is_there_from_the_start():
    assert count_failures() == dict.fromkeys([*(kind for kind, _ in KINDS), OTHER], 0)


def _reason(act) -> str:
    with pytest.raises(ArtifactError) as raised:
        act()
    return str(raised.value)


def _write(reasons: list[str]) -> None:
    StaleProduct.objects.bulk_create(
        StaleProduct(product_key=str(number), marked_at=timezone.now(), last_error=reason)
        for number, reason in enumerate(reasons)
    )
