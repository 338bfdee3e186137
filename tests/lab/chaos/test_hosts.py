"""The faults of the shop's own code, done in one process: each is seen while it lasts, and all is well afterwards."""

import random
from types import SimpleNamespace

import pytest

from lab.chaos import host
from lab.chaos.catalogue import Hands
from lab.chaos.faults import hosts
from search.indexing import batches
from search.monitoring.verify import verify
from shop.search_index import ShopProductIndex
from tests.search.conftest import index_settings, published, search_settings  # noqa: F401 - fixtures
from tests.search.products import build_version, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


class OneProcess(Hands):
    """Hands that index themselves whenever they look."""

    port = 0

    def draw_products(self, count: int) -> list[int]:
        """The first so many, so that some are left."""
        return self.keys()[:count]

    def is_waiting(self) -> bool:
        """Whether products wait, once what is due is indexed."""
        batches.index_due(seconds=60)
        return super().is_waiting()

    def failed(self) -> set[str]:
        """Those that failed, once what is due is indexed."""
        batches.index_due(seconds=60)
        return super().failed()

    def parked(self) -> set[str]:
        """Those put aside, once what is due is indexed."""
        batches.index_due(seconds=60)
        return super().parked()


@pytest.fixture
def world(index_settings, monkeypatch, tmp_path, client):  # noqa: F811 - pytest goes by names
    """Fifty products in the index, a shop whose code obeys, and pages that are answered in this process."""
    index_settings.FASHION_SEARCH = {**index_settings.FASHION_SEARCH, "RETRY_BACKOFF_SECONDS": 1}
    monkeypatch.setenv("CHAOS_ORDERS", str(tmp_path))
    for method in (host.DOCUMENT, host.ENCODED_TEXT, host.CARD):
        obedient = host.obedient(method, getattr(ShopProductIndex, method))
        monkeypatch.setattr(ShopProductIndex, method, obedient)
    monkeypatch.setattr(
        hosts, "ask", lambda _port, path: SimpleNamespace(status=client.get(path).status_code)
    )
    for number in range(50):
        make_product(f"A{number}", colour=("red", "blue", "green")[number % 3])
    build_version()
    return OneProcess(random.Random(7))


@pytest.mark.parametrize("fault", [hosts.documents_that_raise, hosts.blanks_everywhere])
def test_it_is_seen_and_over(world, fault):
    assert fault(world).complaints == []
    assert not world.is_waiting()
    assert [check for check in verify().checks if not check.passed] == []
