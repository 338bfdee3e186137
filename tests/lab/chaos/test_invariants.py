"""Each violation, planted in a small real index that is served by a real web server, is named."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from lab.chaos.invariants import Deleted, Expected, State, broken
from lab.traffic import Answer, ask
from search.indexing.marks import mark_stale
from search.models import EntryImage, IndexEntry, IndexVersion, StaleProduct
from shop.models import Product
from tests.search.products import build_version, drain, make_product

SHIRTS = ("red", "blue", "green", "black", "red", "white")
DOUBLE_LENGTH = """
UPDATE fashion_search_entryimage SET embedding = (embedding::vector * array_fill(2, ARRAY[32])::vector)::halfvec
WHERE id = (SELECT min(id) FROM fashion_search_entryimage)
"""


@pytest.fixture
def port(transactional_db: None, live_server, settings, tiny_artifact) -> int:
    """Of a web server with six products in its index."""
    settings.FASHION_SEARCH = {
        "ARTIFACT": str(tiny_artifact),
        "API_RATE": "",
        "VERIFY_MAX_FAILED": 0.2,
        "SEARCH_TIMEOUT_MS": 30_000,  # a busy machine is no violation
        "ENCODE_TIMEOUT_MS": 30_000,
    }
    for number, colour in enumerate(SHIRTS):
        make_product(f"C{number}", colour=colour, name="women shirt bag")
    build_version()
    assert broken(live_server.thread.port) == State()
    return live_server.thread.port


def test_each_violation_in_the_index_is_named(port, monkeypatch):
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)  # each is undone by its transaction
    product, other = Product.objects.get(sku="C1"), Product.objects.get(sku="C2")
    key, image = other.pk, EntryImage.objects.get(entry__sku="c2")
    entries, images = IndexEntry.objects.filter(sku="c2"), EntryImage.objects.filter(pk=image.pk)
    named = Product.objects.filter(pk=product.pk)

    def add_row(name: str) -> None:
        EntryImage.objects.create(
            entry=image.entry,
            version=image.version,
            position=1,
            name=name,
            picture_hash=image.picture_hash,
            embedding=image.embedding,
        )

    def delete_entry() -> None:
        images.delete()
        entries.delete()

    violations: list[tuple[Callable[[], object], str, int, int]] = [
        (
            lambda: named.update(price=101),
            f"the price of product {product.pk} is 101.00, its entry says 100.0000",
            1,
            0,
        ),
        (
            lambda: named.update(name="blue coat"),
            f"the name of product {product.pk} is blue coat, its entry says blue women shirt bag",
            1,
            0,
        ),
        (lambda: named.update(sku="C9"), f"the sku of product {product.pk} is c9, its entry says c1", 1, 0),
        (lambda: named.update(published=False), f"entry {product.pk} has no published product", 1, 1),
        (delete_entry, f"product {key} has no entry", 2, 0),
        (images.delete, f"picture {image.name} of product {key} has no row", 1, 0),
        (
            lambda: images.update(embedding=None),
            f"picture {image.name} of product {key} has neither embedding nor reason",
            1,
            0,
        ),
        (
            lambda: images.update(picture_hash="0" * 64),
            f"picture {image.name} of product {key} was embedded from another file",
            1,
            0,
        ),
        (lambda: add_row(image.name), f"picture {image.name} of product {key} has 2 rows", 0, 1),
        (lambda: add_row("gone.png"), f"product {key} has no picture gone.png, but a row", 0, 1),
        (
            lambda: connection.cursor().execute(DOUBLE_LENGTH),
            "embeddings of unit length: 1 not finite, not of unit length, or not of 32 dimensions.",
            0,
            0,
        ),
        (
            lambda: entries.update(embedded_hash=""),
            "embeddings present: 6 pictures, 0 without embedding; 1 entries without theirs.",
            0,
            0,
        ),
        (lambda: mark_stale([str(key)]), "1 products wait", 0, 0),
        (lambda: _park(str(key)), f"product {key} is put aside", 0, 0),
    ]
    for plant, complaint, lost, doubled in violations:
        with _undone():
            plant()
            state = broken(port)
        assert complaint in state.wrong
        assert (state.lost, state.doubled) == (lost, doubled), complaint
    assert broken(port) == State()


def test_a_file_that_was_replaced_under_its_name(port):
    image = EntryImage.objects.get(entry__sku="c2")
    with Path(default_storage.path(image.name)).open("ab") as file:
        file.write(b" ")
    complaint = f"picture {image.name} of product {image.entry.product_key} was embedded from another file"
    assert broken(port).wrong == [complaint, "1 are lost"]


def test_only_the_products_that_a_fault_names_may_fail(port):
    key = str(Product.objects.get(sku="C2").pk)
    named = frozenset([key])
    assert broken(port, Expected(failed=named, parked=named)).wrong == [
        f"product {key} is not put aside",
        f"product {key} has no reason",
    ]
    _park(key)
    assert broken(port).wrong == [f"product {key} is put aside", f"product {key} failed: It failed."]
    assert broken(port, Expected(failed=named, parked=named)) == State()


def test_a_price_that_was_accepted_and_is_lost(port):
    key = Product.objects.get(sku="C1").pk
    assert broken(port, Expected(prices={key: Decimal(100)})) == State()
    assert broken(port, Expected(prices={key: Decimal(7)})) == State(
        [f"price 7 of product {key} was accepted and is 100.00", "1 are lost"], lost=1
    )


def test_a_deleted_product_that_is_found(port):
    gone = Product.objects.get(sku="C1")
    expected = Expected(deleted=(Deleted(gone.sku, gone.name),))
    assert broken(port, expected).wrong == [
        "C1 was deleted; /api/v1/products/C1/ was answered 200",
        "C1 was deleted; /api/v1/products/C1/similar/ was answered 200",
        "C1 was deleted and is found by /api/v1/search/?q=C1",
        "C1 was deleted and is found by /api/v1/search/?q=blue%20women%20shirt%20bag",
        "C1 was deleted and is found by /api/v1/search/?sort=newest&page=1",
    ]
    gone.delete()
    drain()
    assert broken(port, expected) == State()


def test_a_shop_that_answers_by_words_only(port, settings, monkeypatch):
    monkeypatch.setattr("lab.chaos.invariants._broken_index", lambda _expected: State())
    IndexVersion.objects.update(fingerprint="0" * 64, artifact_path=str(settings.ROOT / "nowhere"))
    words = "The text encoder is not available: results are by keyword only."
    assert broken(port).wrong == [
        f"a search for 'red shirt': {words}",
        f"a search for 'women': {words}",
        f"a search for 'black bag': {words}",
    ]


def test_similar_products_that_are_not_the_nearest(port, monkeypatch):
    def ask_for_another(port: int, path: str) -> Answer:
        answer = ask(port, path)
        if "/similar/" not in path:
            return answer
        results = [{"sku": result["sku"] + "x"} for result in answer.json()["results"]]
        return answer._replace(body=json.dumps(answer.json() | {"results": results}).encode())

    monkeypatch.setattr("lab.chaos.invariants.ask", ask_for_another)
    assert broken(port).wrong == ["of 25 nearest products of exact scans the API gave 0"]


def test_a_shop_that_is_away(port):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert broken(nobody.getsockname()[1]).wrong == ["the shop: [Errno 111] Connection refused"]


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _park(key: str) -> None:
    StaleProduct.objects.create(
        product_key=key, marked_at=timezone.now(), parked=True, last_error="It failed."
    )
