"""A small catalogue with real pictures, and files of products to import."""

import csv
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from search.merchandising.snapshots import forget_snapshot
from shop.models import Brand, Category, Product, ProductImage, Variant
from tests.search.monitoring.conftest import searchable
from tests.shop.pictures import jpeg

__all__ = ["searchable"]  # the index of those who watch, a fixture

COLUMNS = (
    "id", "name", "brand", "gender", "category", "subcategory", "article_type", "colour", "season", "year",
    "usage", "price", "description", "attributes", "sizes", "images", "large_image",
)  # fmt: skip


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """A media folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def write_products(tmp_path: Path) -> Callable[..., Path]:
    """Write a product file in the project's own format; a row gives the columns that matter to the test."""

    def write(*rows: Mapping[str, str], name: str = "products.csv") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows({"name": f"Shirt {row['id']}", "category": "Apparel", **row} for row in rows)
        return path

    return write


@pytest.fixture
def write_zip(tmp_path: Path) -> Callable[..., Path]:
    """Write an archive of pictures."""

    def write(pictures: Mapping[str, bytes], name: str = "images.zip") -> Path:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for picture, content in pictures.items():
                archive.writestr(picture, content)
        return tmp_path / name

    return write


@pytest.fixture
def tree(db: None) -> dict[str, Category]:
    """Apparel > Topwear > Shirts and Tshirts; Footwear > Shoes."""
    found: dict[str, Category] = {}
    for name, parent in (
        ("Apparel", None), ("Topwear", "Apparel"), ("Shirts", "Topwear"), ("Tshirts", "Topwear"),
        ("Footwear", None), ("Shoes", "Footwear"),
    ):  # fmt: skip
        found[name] = Category.objects.create(name=name, slug=name.lower(), parent=found.get(parent or ""))
    return found


@pytest.fixture
def make_products(tree: dict[str, Category]) -> Callable[..., list[Product]]:
    """Make products of one category, each with a picture and two sizes; number 1 is the oldest."""

    def make(
        numbers: Iterable[int], *, category: str = "Shirts", picture: bytes | None = None, **values: Any
    ) -> list[Product]:
        brand, _ = Brand.objects.get_or_create(name="Acme", slug="acme")
        products = []
        for number in numbers:
            product = Product.objects.create(
                **{
                    "sku": f"S{number}",
                    "name": f"Blue shirt {number}",
                    "category": tree[category],
                    "brand": brand,
                    "price": Decimal(1000 + number),
                    "colour": "Blue",
                    "gender": "Men",
                    "attributes": {"Pattern": "Striped"},
                    "created": datetime(2026, 1, 1, 0, number % 60, number // 60, tzinfo=UTC),
                    **values,
                }
            )
            name = default_storage.save(f"products/aa/S{number}.jpg", ContentFile(picture or jpeg()))
            ProductImage.objects.create(product=product, image=name, alt_text=product.name)
            Variant.objects.create(product=product, sku=f"S{number}-1", size="S", stock=0, position=0)
            Variant.objects.create(product=product, sku=f"S{number}-2", size="M", stock=2, position=1)
            products.append(product)
        return products

    return make


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """No broker: the hints that would be sent to it are dropped."""
    monkeypatch.setattr("search.indexing.marks.publish", lambda *args, **options: True)


@pytest.fixture(autouse=True)
def _fresh_merchandising() -> None:
    """It is kept for seconds, and a test that is rolled back leaves none."""
    forget_snapshot()
