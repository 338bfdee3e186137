"""The whole path on the real catalogue, with the artifact that ships: import, index through Celery, verify, search."""

import pytest
from django.core.management import call_command

from search.engine import search
from search.models import IndexVersion
from search.monitoring.verify import verify
from shop.models import Product
from tests.processes import wait_until

PRODUCTS = 300


@pytest.mark.real_catalogue
def test_real_products_are_imported_indexed_verified_and_found(fashion_data, shop_processes, tmp_path):
    folder = fashion_data / "fashion"
    options = ["--images", str(folder / "images_large.zip"), "--profile", "kaggle-fashion", "--only-large"]
    report = tmp_path / "report.csv"
    call_command(
        "import_catalogue",
        str(folder / "products.csv.gz"),
        *options,
        *("--limit", str(PRODUCTS), "--report", str(report)),
        verbosity=0,
    )
    shop_processes.beat()
    worker = shop_processes.worker(children=2)
    call_command("search_index", "rebuild")
    wait_until(lambda: IndexVersion.objects.active() is not None, seconds=180, what=worker)

    result = verify()
    assert [check for check in result.checks if not check.passed] == []
    assert list(result.failures) == []

    product = Product.objects.order_by("sku")[PRODUCTS // 2]
    answer = search(product.name)
    assert answer.degraded == ""
    assert product.name in [found.product.name for found in answer.results[:3]]
