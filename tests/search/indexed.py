"""An index version filled by hand, so that every rank, similarity and count of a search is known."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
from django.contrib.postgres.search import SearchVector
from django.db import connection
from django.db.models import Value
from django.utils import timezone

from search.encoders.artifact import read_manifest
from search.models import EntryImage, IndexEntry, IndexVersion
from shop.models import Brand, Category, Product

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def unit(*values: float) -> list[float]:
    """An embedding of the tiny artifact's dimension: the values, then zeros, made unit length."""
    vector = np.zeros(32)
    vector[: len(values)] = values
    return list(vector / np.linalg.norm(vector))


def make_version(artifact: Path, state: str = "active") -> IndexVersion:
    """An empty version of an artifact."""
    manifest = read_manifest(artifact)
    return IndexVersion.objects.create(
        artifact_path=str(artifact),
        artifact_name=manifest.name,
        fingerprint=manifest.fingerprint,
        dimension=manifest.dimension,
        state=state,
    )


def add(
    version: IndexVersion,
    sku: str,
    name: str,
    *,
    brand: str = "Acme",
    keywords: str = "",
    description: str = "",
    price: object = 100,
    published: bool = True,
    facets: Mapping[str, Sequence[str]] | None = None,
    text: Sequence[float] | None = None,
    pictures: Sequence[Sequence[float]] = (),
) -> Product:
    """Add a product to the shop and to the version; later ones are newer by a day."""
    category, _ = Category.objects.get_or_create(name="Shirts", defaults={"slug": "shirts"})
    maker, _ = Brand.objects.get_or_create(name=brand, defaults={"slug": brand.lower()})
    created = FIRST + timedelta(days=IndexEntry.objects.filter(version=version).count())
    price = None if price is None else Decimal(str(price))
    product = Product.objects.filter(sku=sku).first() or Product.objects.create(
        sku=sku, name=name, brand=maker, category=category, price=price, published=published, created=created
    )
    weighted = (
        SearchVector(Value(f"{name} {brand} {sku}"), weight="A", config="english")
        + SearchVector(Value(keywords), weight="B", config="english")
        + SearchVector(Value(description), weight="C", config="english")
    )
    entry = IndexEntry.objects.create(
        version=version,
        product_key=str(product.pk),
        sku=sku.lower(),
        name=name,
        brand=brand,
        style=sku,
        keywords=keywords,
        document=weighted,
        facets=[f"{field}={value}" for field, values in (facets or {}).items() for value in values],
        price=price,
        created=created,
        text_embedding=text,
        content_hash="",
        updated_at=timezone.now(),
    )
    for position, embedding in enumerate(pictures):
        EntryImage.objects.create(
            entry=entry, version=version, position=position, name=f"{sku}-{position}", embedding=embedding
        )
    return product


def add_many(version: IndexVersion, embeddings: np.ndarray, facets: Sequence[str]) -> None:
    """Add entries without products: one picture each, and one facet token each."""
    entries = IndexEntry.objects.bulk_create(
        IndexEntry(
            version=version,
            product_key=f"{number:06}",
            sku=f"bulk-{number}",
            name="",
            document="",
            facets=[token],
            created=FIRST,
            text_embedding=list(embedding),
            content_hash="",
            updated_at=FIRST,
        )
        for number, (embedding, token) in enumerate(zip(embeddings, facets, strict=True))
    )
    EntryImage.objects.bulk_create(
        EntryImage(entry=entry, version=version, position=0, name="", embedding=list(embedding))
        for entry, embedding in zip(entries, embeddings, strict=True)
    )


def create_indexes(version: IndexVersion) -> None:
    """The version's HNSW indexes, built in the test's own transaction."""
    tables = (
        (version.image_index, "entryimage", "embedding"),
        (version.text_index, "indexentry", "text_embedding"),
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # pending checks of foreign keys forbid an index
        for index, table, column in tables:
            cursor.execute(
                f"CREATE INDEX {index} ON fashion_search_{table} USING hnsw"
                f" (({column}::halfvec({version.dimension})) halfvec_ip_ops) WHERE version_id = {version.pk}"
            )
            cursor.execute(f"ANALYZE fashion_search_{table}")
