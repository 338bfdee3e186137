"""Store a chunk of rows: pictures first, then every table in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.files.storage import Storage
from django.db import connection, transaction
from django.utils import timezone

from search.marking import mark_stale
from shop.models import Product, ProductImage, Variant
from shop.models.product import product_slug

from .pictures import Picture
from .rows import CatalogueRow
from .sizes import derive_sizes, derive_stock
from .taxonomy import Taxonomy

# Fields that a row states; the slug, `published` and `created` are left alone once a product exists.
STATED = (
    "name", "description", "brand_id", "category_id", "price", "currency", "gender", "colour", "attributes",
)  # fmt: skip
IMPORT_LOCK = 7_240_311  # any number that nothing else uses as a key of a Postgres advisory lock


@dataclass(frozen=True, slots=True)
class Checked:
    """A row whose pictures have all been decoded."""

    line: int
    row: CatalogueRow
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """How many products of a chunk were new, changed and unchanged."""

    added: int
    changed: int
    unchanged: int


def stored_already(storage: Storage, picture: Picture) -> bool:
    """Whether the picture was stored by an earlier run: its name holds the hash of its bytes."""
    return storage.exists(picture.name) and storage.size(picture.name) == len(picture.content)


def store_chunk(chunk: Sequence[Checked]) -> Stored:
    """Add or update the products of a chunk, and mark what changed as stale for the search index.

    All of it happens in one transaction, which waits for another import's chunk if one is being stored.

    Args:
        chunk: rows with different SKUs, whose pictures are stored.
    """
    if not chunk:
        return Stored(0, 0, 0)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
        taxonomy = Taxonomy()
        known = {
            product.sku: product
            for product in Product.objects.filter(sku__in=[item.row.sku for item in chunk]).prefetch_related(
                "images", "variants"
            )
        }
        added = [_product(item.row, taxonomy) for item in chunk if item.row.sku not in known]
        touched = {p.sku for p in Product.objects.bulk_create(added, batch_size=500)}
        changed = [
            known[item.row.sku]
            for item in chunk
            if item.row.sku in known and _restate(known[item.row.sku], item.row, taxonomy)
        ]
        Product.objects.bulk_update(changed, [*STATED, "updated"], batch_size=200)
        touched |= {product.sku for product in changed}

        products = {**known, **{product.sku: product for product in added}}
        touched |= _store_pictures(chunk, products, new={p.sku for p in added})
        touched |= _store_variants(chunk, products, new={p.sku for p in added})
        # A picture's name holds the hash of its bytes, so no picture has to be read again under an old name.
        mark_stale((str(products[sku].pk) for sku in sorted(touched)), backfill=True, reread=False)
    return Stored(len(added), len(touched) - len(added), len(chunk) - len(touched))


def _stated(row: CatalogueRow, taxonomy: Taxonomy, currency: str) -> dict[str, object]:
    brand = taxonomy.brand(row.brand)
    values = (
        row.name, row.description, brand.pk if brand else None, taxonomy.category(row.category).pk,
        row.price, row.currency or currency, row.gender, row.colour, row.attributes,
    )  # fmt: skip
    return dict(zip(STATED, values, strict=True))


def _product(row: CatalogueRow, taxonomy: Taxonomy) -> Product:
    return Product(
        sku=row.sku,
        slug=product_slug(row.name, row.sku),
        created=row.created or timezone.now(),
        **_stated(row, taxonomy, Product._meta.get_field("currency").get_default()),
    )


def _restate(product: Product, row: CatalogueRow, taxonomy: Taxonomy) -> bool:
    stated = _stated(row, taxonomy, product.currency)
    if all(getattr(product, name) == value for name, value in stated.items()):
        return False
    for name, value in stated.items():
        setattr(product, name, value)
    product.updated = timezone.now()
    return True


def _store_pictures(chunk: Sequence[Checked], products: dict[str, Product], *, new: set[str]) -> set[str]:
    """Give each product the pictures of its row; a row without any leaves the product's own alone."""
    touched, rows, replaced = set(), [], []
    for item in chunk:
        product, names = products[item.row.sku], [picture.name for picture in item.pictures]
        old = [] if item.row.sku in new else [image.image.name for image in product.images.all()]
        if not names or names == old:
            continue
        touched.add(item.row.sku)
        if old:
            replaced.append(product.pk)
        rows += [
            ProductImage(product_id=product.pk, image=name, alt_text=_alt_text(item.row), position=position)
            for position, name in enumerate(names)
        ]
    ProductImage.objects.filter(product_id__in=replaced).delete()
    ProductImage.objects.bulk_create(rows, batch_size=1000)
    return touched


def _store_variants(chunk: Sequence[Checked], products: dict[str, Product], *, new: set[str]) -> set[str]:
    """Give each product the sizes and stock of its row."""
    touched, rows, replaced = set(), [], []
    for item in chunk:
        product = products[item.row.sku]
        old = {} if item.row.sku in new else {size.size: size.stock for size in product.variants.all()}
        sizes = _sizes(item.row, old)
        if sizes == old and list(sizes) == list(old):
            continue
        touched.add(item.row.sku)
        if old:
            replaced.append(product.pk)
        rows += [
            Variant(
                product_id=product.pk,
                sku=f"{item.row.sku}-{position + 1}",
                size=size,
                stock=stock,
                position=position,
            )
            for position, (size, stock) in enumerate(sizes.items())
        ]
    Variant.objects.filter(product_id__in=replaced).delete()
    Variant.objects.bulk_create(rows, batch_size=1000)
    return touched


def _sizes(row: CatalogueRow, old: dict[str, int]) -> dict[str, int]:
    """Stock by size: as the row states it, else as it is, else derived."""
    if row.sizes is None and old:
        return old
    sizes = derive_sizes(row) if row.sizes is None else row.sizes
    return {
        size.size: old.get(size.size, derive_stock(row.sku, size.size)) if size.stock is None else size.stock
        for size in sizes
    }


def _alt_text(row: CatalogueRow) -> str:
    name = row.name[:200]
    return name if not row.colour or row.colour.lower() in name.lower() else f"{name}, {row.colour.lower()}"
