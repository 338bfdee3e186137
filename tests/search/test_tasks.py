"""The write path through a real Redis and real Celery worker processes."""

import pytest

from search.indexing import marks, versions
from search.models import (
    CatalogueHealth,
    CatalogueMap,
    IndexEntry,
    IndexVersion,
    WordList,
)
from search.monitoring.verify import verify
from search.quality.jobs import ask
from tests.outbox import stale_products
from tests.processes import ShopProcesses, wait_until
from tests.search.products import make_product

pytestmark = pytest.mark.usefixtures("search_settings")


@pytest.fixture(autouse=True)
def _closed_breaker():
    marks.breaker.close()


def is_active() -> bool:
    return IndexVersion.objects.filter(state="active").exists()


def failed_checks() -> list[str]:
    return [f"{check.name}: {check.detail}" for check in verify().checks if not check.passed]


def test_a_rebuild_a_change_the_check_and_the_map_go_through_the_worker(shop_processes: ShopProcesses):
    products = [make_product(f"A{number}") for number in range(40)]
    worker = shop_processes.worker(children=2)
    versions.request_rebuild()
    marks.publish("index_stale", times=2)
    wait_until(is_active, seconds=180, what=worker)
    products[0].name = "renamed"
    products[0].save()
    wait_until(lambda: IndexEntry.objects.filter(name="renamed").exists(), seconds=180, what=worker)
    wait_until(lambda: not stale_products().exists(), seconds=180, what=worker)
    assert failed_checks() == []

    wait_until(lambda: CatalogueHealth.objects.filter(state="ready").exists(), seconds=180, what=worker)
    assert CatalogueHealth.objects.get().figures["products"] == 40
    version = IndexVersion.objects.active()
    assert version is not None
    assert ask(CatalogueMap, version)
    marks.publish("map_catalogue", version.pk)
    wait_until(lambda: CatalogueMap.objects.get().state == "ready", seconds=180, what=worker)
    assert CatalogueMap.objects.get().mapped == 40


def test_words_are_counted_when_a_version_is_activated(shop_processes: ShopProcesses, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
        "WORD_LIST_SECONDS": 3600,
        "SWEEP_SECONDS": 1,
    }
    make_product("A1", name="Hat")
    worker = shop_processes.worker(children=1)
    shop_processes.beat()
    versions.request_rebuild()
    marks.publish("index_stale")
    wait_until(lambda: WordList.objects.exists(), seconds=180, what=worker)
    version = IndexVersion.objects.active()
    assert version is not None
    assert WordList.objects.get().version_id == version.pk
