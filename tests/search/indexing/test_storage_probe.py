"""A storage that hands out nothing is told from a file that is gone, and no product is given up for it."""

import threading
import time

import pytest
from django.core import checks as django_checks
from django.core.files.storage import FileSystemStorage

from search import checks, storage
from search.exceptions import StorageAway
from search.indexing import outbox, storage_probe
from search.indexing.failures import count_failures
from search.indexing.storage_probe import UNKNOWN, forget_storage, storage_answers
from search.models import EntryImage, IndexEntry, StaleProduct
from search.monitoring.service_probes import probe_storage
from tests.outbox import stale_products
from tests.search.products import begin_version, drain, make_product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]

WELL = "Pictures can be read."


class Store:
    """What reading a file does: nothing else than usual, until it is told."""

    def __init__(self) -> None:
        self.act = None
        self.reads = 0


@pytest.fixture
def store(monkeypatch) -> Store:
    """The storage of all pictures, which can be told to fail."""
    store = Store()
    real = FileSystemStorage._open

    def open_(self, name, mode="rb"):
        store.reads += 1
        if store.act is not None and mode == "rb":
            store.act()
        return real(self, name, mode)

    monkeypatch.setattr(FileSystemStorage, "_open", open_)
    monkeypatch.setattr(storage, "_hanging", storage._Hanging())
    return store


def refuse() -> None:
    raise ConnectionRefusedError("nobody listens")


def lose() -> None:
    raise FileNotFoundError(2, "No such file or directory", "/media")


def test_pictures_can_be_read_or_nothing_is_known_yet(store):
    assert storage_answers() == UNKNOWN
    make_product("A1")
    begin_version()
    drain()
    assert storage_answers(fresh=True) == WELL
    before = store.reads
    assert storage_answers() == WELL  # as was seen a moment ago
    assert store.reads == before


@pytest.mark.parametrize(
    ("trouble", "said"), [(refuse, "ConnectionRefusedError: nobody listens"), (lose, "FileNotFoundError")]
)
def test_products_wait_for_a_storage_that_hands_out_nothing(store, index_settings, trouble, said):
    """Whether it is away or its folder is not mounted: neither counts as an attempt, and words are indexed."""
    products = [make_product(f"A{number}") for number in range(3)]
    begin_version()
    drain()
    store.act = trouble
    forget_storage()
    new = make_product("B1", name="Dress")
    for product in products:
        product.name += " again"
        product.save()
    for _ in range(4):  # more often than a product may fail
        drain()
        stale_products().update(next_attempt_at=None)
        forget_storage()

    rows = list(stale_products())
    assert {row.product_key for row in rows} == {str(product.pk) for product in [*products, new]}
    assert {(row.attempts, row.parked, row.claimed_at) for row in rows} == {(0, False, None)}
    assert all(
        row.last_error.startswith("The storage does not answer: ") and said in row.last_error for row in rows
    )
    assert count_failures()["storage"] == 4
    assert IndexEntry.objects.filter(name__endswith=" again").count() == 3
    assert IndexEntry.objects.get(sku="b1").text_hash != ""  # found by its words and by its text
    assert EntryImage.objects.exclude(embedding=None).count() == 3  # what was embedded stays

    store.act = None
    forget_storage()
    drain()
    assert stale_products().count() == 0
    assert EntryImage.objects.exclude(embedding=None).filter(error="").count() == 4
    assert not IndexEntry.objects.filter(embedded_hash="").exists()


def test_a_file_that_is_gone_is_its_own_product_s_failure(store):
    product, _ = make_product("A1"), make_product("A2")
    begin_version()
    drain()
    picture = product.images.get().image
    picture.storage.delete(picture.name)
    product.save()
    drain()
    row = stale_products().get()
    assert (row.attempts, count_failures()["file cannot be read"]) == (1, 1)


def test_a_build_waits_for_a_storage_that_does_not_answer(store):
    make_product("A1")
    begin_version()
    store.act = refuse
    drain()
    assert IndexEntry.objects.get().embedded_hash == ""
    assert (
        stale_products().get().last_error
        == "The storage does not answer: ConnectionRefusedError: nobody listens"
    )


def test_a_frozen_storage_costs_a_batch_its_time_once(store, index_settings, monkeypatch):
    make_product("A0")
    begin_version()
    drain()
    gate = threading.Event()
    store.act = lambda: gate.wait(60)
    monkeypatch.setattr(storage_probe, "PROBE_SECONDS", 0.3)
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"STORAGE_SECONDS": 1}
    forget_storage()
    for number in range(1, 9):
        make_product(f"A{number}", name="Dress")
    began = time.monotonic()
    try:
        drain()
        assert time.monotonic() - began < 6
        assert StaleProduct.objects.filter(attempts=0, parked=False).count() == 8
        assert IndexEntry.objects.exclude(text_hash="").count() == 9
        assert outbox.claim_fresh(9) == []  # later, and not again and again
    finally:
        gate.set()


def test_whoever_looks_is_told(store, monkeypatch):
    make_product("A1")
    begin_version()
    drain()
    assert (probe_storage(fresh=True).state, checks.check_storage(["default"])) == ("ok", [])
    store.act = refuse
    forget_storage()
    with pytest.raises(StorageAway, match="nobody listens"):
        storage_answers()
    said = "ConnectionRefusedError: nobody listens"
    assert str(probe_storage().state) == "broken"
    assert probe_storage(fresh=True).sentence == f"The storage of the pictures does not answer: {said}"
    (message,) = checks.check_storage(["default"])
    assert (message.id, message.level) == ("fashion_search.W022", django_checks.WARNING)
    assert checks.check_storage(None) == []
