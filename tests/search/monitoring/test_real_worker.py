"""A rebuild from the admin through a real Redis and a real Celery worker: begun, watched, cancelled, begun again."""

from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client

from search.indexing import marks, status
from search.models import Build, EntryImage, IndexEntry, IndexVersion
from search.monitoring import service_probes
from search.monitoring.service_probes import count_workers
from shop.models import Brand, Category, Product, ProductImage
from tests.outbox import empty_outbox, stale_products
from tests.processes import ShopProcesses, wait_until
from tests.search.products import add_picture, colour_picture, make_product

pytestmark = [pytest.mark.usefixtures("search_settings"), pytest.mark.long]

BUILDS = "/admin/fashion_search/build/"
PRODUCTS = 240


@pytest.fixture(autouse=True)
def _closed_breaker():
    marks.breaker.close()


@pytest.fixture
def catalogue(transactional_db) -> None:
    """Products of one picture file, written past the signals."""
    picture = add_picture(make_product("A0", pictures=0), colour_picture("red")).image.name
    category, brand = Category.objects.get(), Brand.objects.get()
    products = Product.objects.bulk_create(
        Product(sku=f"B{number}", slug=f"b{number}", name=f"Shirt {number}", category=category, brand=brand)
        for number in range(PRODUCTS - 1)
    )
    ProductImage.objects.bulk_create(ProductImage(product=product, image=picture) for product in products)
    empty_outbox()


def progress(client: Client) -> dict:
    return client.get(f"{BUILDS}progress/").json()["build"]


def test_a_rebuild_is_begun_watched_cancelled_and_begun_again(
    shop_processes: ShopProcesses, staff, catalogue, search_settings
):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"BATCH_SIZE": 2}
    worker = shop_processes.worker(children=2)
    assert count_workers() == 1

    # Begun and watched to its end.
    staff.post(f"{BUILDS}start/rebuild/")
    seen: list[dict] = []

    def ended() -> bool:
        seen.append(progress(staff))
        return not seen[-1]["running"]

    wait_until(ended, seconds=180, what=worker, every=0.05)
    assert seen[-1]["state"] == "done"
    first = IndexVersion.objects.active()
    assert first.pk == Build.objects.get().version
    counts = [answer["done"] for answer in seen if answer["step"] == "encoding"]
    assert len(set(counts)) > 3
    assert all(before <= after for before, after in pairwise(counts))
    assert any(answer["rate"] and answer["seconds_left"] is not None for answer in seen)
    order = [step for step, after in pairwise([*(answer["step"] for answer in seen), ""]) if step != after]
    assert order == [step for step in Build.Step.values if step in order]
    assert not any(answer["stalled"] for answer in seen)

    # Cancelled in the middle of it.
    staff.post(f"{BUILDS}start/rebuild/")
    wait_until(lambda: 0 < progress(staff)["done"] < PRODUCTS, seconds=180, what=worker, every=0.01)
    cancelled = Build.objects.first()
    staff.post(f"{BUILDS}{cancelled.pk}/cancel/")
    cancelled.refresh_from_db()
    assert cancelled.state == "cancelled"
    assert not stale_products().exists()
    assert IndexVersion.objects.active() == first

    # Another one begins at once, and what the cancelled one wrote is removed meanwhile.
    staff.post(f"{BUILDS}start/rebuild/")
    wait_until(lambda: not progress(staff)["running"], seconds=180, what=worker)
    assert progress(staff)["state"] == "done"
    wait_until(lambda: not Build.objects.to_clear().exists(), seconds=180, what=worker)
    assert not IndexVersion.objects.filter(pk=cancelled.version).exists()
    for model in (IndexEntry, EntryImage):
        assert dict(_counted(model)) == {first.pk: PRODUCTS, Build.objects.first().version: PRODUCTS}


def _counted(model) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT version_id, count(*) FROM {model._meta.db_table} GROUP BY version_id")
        return cursor.fetchall()


def test_a_build_whose_worker_was_killed_says_so_and_goes_on_with_the_next_one(
    shop_processes: ShopProcesses, staff, catalogue, search_settings, monkeypatch
):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
        "BATCH_SIZE": 2,
        "CLAIM_LEASE_SECONDS": 1,
    }
    monkeypatch.setattr(status, "STALL_SECONDS", 0.5)
    monkeypatch.setattr(service_probes, "REPLY_SECONDS", 3.0)  # on a busy machine the queue takes longer
    worker = shop_processes.worker()
    staff.post(f"{BUILDS}start/rebuild/")
    wait_until(lambda: 0 < progress(staff)["done"] < PRODUCTS, seconds=180, what=worker, every=0.01)
    worker.kill()
    wait_until(lambda: progress(staff)["stalled"], seconds=180, what="It moves on its own.")
    answer = progress(staff)
    assert (answer["state"], answer["step"]) == ("running", "encoding")
    assert "No Celery worker answers. Start one; the build goes on by itself" in answer["advice"]
    assert "not moving" in staff.get(BUILDS).content.decode()

    worker = shop_processes.worker()
    marks.publish("index_stale")
    wait_until(lambda: _advanced(staff), seconds=180, what=worker, every=0.5)
    assert progress(staff)["state"] == "done"


def _advanced(client: Client) -> bool:
    """Do what beat does every few seconds, until the build has ended."""
    marks.publish("index_stale")
    marks.publish("advance_builds")
    return not progress(client)["running"]
