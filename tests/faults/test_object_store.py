"""Pictures in an object store: a real S3 server of moto's in a process, django-storages and boto3; answering, frozen, stopped, emptied."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db.models import Q
from django.test import Client

from search import storage as storage_calls
from search.exceptions import StorageAway
from search.indexing.batches import index_due
from search.indexing.failures import count_failures
from search.indexing.storage_probe import forget_storage, storage_answers
from search.models import EntryImage, IndexEntry, StaleProduct
from shop.local.processes import LocalProcess
from shop.local.servers import free_port
from shop.models import Product, ProductImage, thumbnail_url
from tests.outbox import stale_products
from tests.pace import slowness
from tests.processes import wait_until
from tests.search.products import build_version, make_product

BUCKET = "pictures"
KEYS = {"aws_access_key_id": "only-for-tests", "aws_secret_access_key": "only-for-tests"}
CARDS = 24
PATIENCE = 90.0  # seconds for what takes two on an idle machine
LIMITS = {"connect_timeout": 1, "read_timeout": 1, "retries": {"max_attempts": 0}}

pytestmark = pytest.mark.long


class ObjectStore:
    """Moto's server, whose objects are in its memory; its log has a line for each request."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = LocalProcess(
            "moto", command, log=folder / "moto.log", environment={**os.environ, **_AWS}
        )

    def start(self) -> None:
        """Start it, with an empty bucket."""
        self.process.start()
        client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            config=Config(retries={"max_attempts": 0}),
            **KEYS,
        )

        def makes() -> bool:
            try:
                client.create_bucket(Bucket=BUCKET)
            except Exception:  # noqa: BLE001 - it does not listen yet
                return False
            return True

        wait_until(makes, seconds=PATIENCE, what=self.process)
        client.close()

    def send(self, number: signal.Signals) -> None:
        """Freeze it or let it go on."""
        os.kill(self.process.pid, number)

    def requests(self, method: str = r"\w+") -> int:
        """How many requests it has answered so far."""
        return len(re.findall(rf'"{method} /{BUCKET}', self.process.log.read_text()))


_AWS = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


@pytest.fixture
def store(tmp_path, settings, monkeypatch, tiny_artifact, transactional_db):
    """The store, in which the shop has all its files from here on."""
    monkeypatch.setattr(storage_calls, "_hanging", storage_calls._Hanging())
    store = ObjectStore(tmp_path)
    store.start()
    options = {
        "bucket_name": BUCKET,
        "endpoint_url": store.url,
        "region_name": "us-east-1",
        "access_key": KEYS["aws_access_key_id"],
        "secret_key": KEYS["aws_secret_access_key"],
        "addressing_style": "path",
        "file_overwrite": False,
        "client_config": Config(**LIMITS, s3={"addressing_style": "path"}),
    }
    inner = {"backend": "storages.backends.s3.S3Storage", "options": options}
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "search.storage.PatientStorage", "OPTIONS": inner},
    }
    settings.FASHION_SEARCH = {**settings.FASHION_SEARCH, "BATCH_SIZE": 32, "STORAGE_SECONDS": 3}
    cache.clear()
    forget_storage()
    yield store
    store.process.kill()
    forget_storage()


@pytest.fixture
def indexed(store):
    """A page of products whose pictures were read from the store."""
    for number in range(CARDS):
        make_product(f"S-{number:02}", name="shirt")
    before = store.requests("GET")
    build_version()
    assert store.requests("GET") - before >= CARDS
    return store


def _embedded() -> int:
    return EntryImage.objects.exclude(embedding=None).filter(error="").count()


def _page() -> tuple[float, str]:
    """Seconds and text of a page of results."""
    began = time.monotonic()
    response = Client().get("/search/", {"q": "red shirt"})
    assert response.status_code == 200
    return time.monotonic() - began, response.content.decode()


def test_a_page_of_results_asks_the_store_for_nothing(indexed):
    assert _embedded() == CARDS
    assert not StaleProduct.objects.exists()
    _page()  # loads encoders and words
    before = indexed.requests()
    _, text = _page()
    assert text.count("/media/thumbs/card/products/") >= CARDS
    answer = Client().get("/api/v1/search/", {"q": "red shirt"}).json()
    assert len(answer["results"]) == CARDS
    key = Product.objects.first().sku
    assert Client().get(f"/api/v1/products/{key}/similar/").status_code == 200
    assert indexed.requests() == before
    name = ProductImage.objects.first().image.name
    assert Client().get(thumbnail_url(name, "card")).status_code == 200
    assert indexed.requests() > before


def test_a_store_that_is_away_costs_no_page_anything_and_no_product_its_picture(indexed):
    usual, _ = _page()
    usual, _ = _page()
    embeddings = set(EntryImage.objects.values_list("pk", "name"))
    indexed.send(signal.SIGSTOP)
    forget_storage()
    try:
        took, text = _page()
        assert text.count("/media/thumbs/card/products/") >= CARDS
        assert took < max(10 * usual, 2 * slowness()), f"{took:.2f} s, {usual:.2f} s with the store"
        name = ProductImage.objects.first().image.name
        assert Client().get(thumbnail_url(name, "card")).status_code == 503
        with pytest.raises(StorageAway):
            storage_answers(fresh=True)
        _change("S-00", "red jacket")
        _index()
        assert stale_products().count() == 1
        _nothing_is_lost(embeddings)
        entry = IndexEntry.objects.get(sku="s-00")
        assert entry.name == "red jacket", "its words waited for its picture"
    finally:
        indexed.send(signal.SIGCONT)
    wait_until(_answers, seconds=PATIENCE, what=indexed.process)
    wait_until(_drained, seconds=PATIENCE, what=indexed.process)
    _nothing_is_lost(embeddings)
    assert not StaleProduct.objects.exists()


def test_a_store_that_is_stopped_or_empty_is_taken_for_no_lack_of_pictures(indexed):
    embeddings = set(EntryImage.objects.values_list("pk", "name"))
    indexed.process.kill()
    forget_storage()
    _change("S-01", "red coat")
    _index()
    _nothing_is_lost(embeddings)
    assert _page()[1].count("/media/thumbs/card/products/") >= CARDS
    indexed.start()  # with another, empty bucket, as where a wrong one was named
    forget_storage()
    _change("S-02", "red dress")
    _index()
    assert stale_products().count() == 2
    _nothing_is_lost(embeddings)
    with pytest.raises(StorageAway, match="which could be read before"):
        storage_answers(fresh=True)


def test_one_object_that_is_gone_is_that_products_matter(indexed):
    picture = ProductImage.objects.get(product__sku="S-03").image
    default_storage.delete(picture.name)
    assert default_storage.exists(picture.name) is False
    _change("S-03", "red skirt")
    _index()
    row = stale_products().get()
    assert (row.attempts, row.parked) == (1, False)
    assert count_failures()["file cannot be read"] == 1
    assert storage_answers(fresh=True) == "Pictures can be read."
    assert Client().get(thumbnail_url(picture.name, "card")).status_code == 404


def _change(sku: str, name: str) -> None:
    product = Product.objects.get(sku=sku)
    product.name = name
    product.save()


def _answers() -> bool:
    forget_storage()
    try:
        storage_answers(fresh=True)
    except StorageAway:
        return False
    return True


def _index() -> None:
    """Index what waits, whenever it was to be tried again."""
    stale_products().update(next_attempt_at=None)
    index_due(seconds=60)


def _drained() -> bool:
    _index()
    return not stale_products().exists()


def _nothing_is_lost(embeddings: set) -> None:
    """Every picture has its embedding, and no attempt of any product was counted."""
    assert set(EntryImage.objects.exclude(embedding=None).values_list("pk", "name")) == embeddings
    assert not EntryImage.objects.exclude(error="").exists()
    assert not StaleProduct.objects.filter(Q(parked=True) | Q(attempts__gt=0)).exists()
    assert IndexEntry.objects.count() == CARDS
