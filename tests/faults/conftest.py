"""A small catalogue with real pictures, and settings under which faults are mended within seconds."""

import gc
import io
import warnings
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from search.indexing import marks
from shop.local.servers import EmbeddedRedis
from shop.models import Brand, Category, Product, ProductImage
from tests.tiny_artifact import COLOURS


@pytest.fixture(autouse=True)
def quick_recovery(settings, tiny_artifact: Path) -> None:
    """Small batches, so that a fault can fall between two; short leases and sweeps, so that tests are short."""
    settings.FASHION_SEARCH = {
        "ARTIFACT": str(tiny_artifact),
        "BATCH_SIZE": 2,
        "CLAIM_LEASE_SECONDS": 3,
        "SWEEP_SECONDS": 1,
        "RETRY_BACKOFF_SECONDS": 1,
    }


@pytest.fixture
def large_batches(settings) -> None:
    """Where no fault falls into the build of the index, it need not take two hundred batches."""
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"BATCH_SIZE": 64}


@pytest.fixture
def stoppable_redis(redis_server: EmbeddedRedis | None):
    """The embedded Redis, which runs again afterwards."""
    if redis_server is None:
        pytest.skip("stops Redis: unset REDIS_URL, so that the tests have one of their own")
    marks.breaker.close()
    yield redis_server
    if not redis_server.process.running:
        redis_server.start()
    marks.breaker.close()
    with warnings.catch_warnings():
        # A publisher that gives up leaves its socket to the garbage collector, which would warn in some later test.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def catalogue(transactional_db: None) -> list[Product]:
    """400 published products in seven colours, written past the signals as an import in bulk does."""
    brand = Brand.objects.create(name="Fictive", slug="fictive")
    category = Category.objects.create(name="Shirts", slug="shirts")
    names = list(COLOURS)
    pictures = {name: _store_picture(name) for name in names}
    products = Product.objects.bulk_create(
        Product(
            sku=f"F{number:04}",
            slug=f"f{number:04}",
            name=f"{names[number % len(names)].title()} shirt",
            colour=names[number % len(names)].title(),
            brand=brand,
            category=category,
        )
        for number in range(400)
    )
    ProductImage.objects.bulk_create(
        ProductImage(product=product, image=pictures[product.colour.lower()]) for product in products
    )
    return products


def _store_picture(name: str) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 80), COLOURS[name]).save(buffer, "JPEG")
    return default_storage.save(f"products/faults/{name}.jpg", ContentFile(buffer.getvalue()))
