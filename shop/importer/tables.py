"""Store a chunk of rows in the catalogue's tables: brands, categories, products, pictures, sizes and stock."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.files.storage import Storage
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from search.signals import mark_stale
from shop.models import Brand, Category, Product, ProductImage, Variant, product_slug

from .cells import RowError, Size
from .derived import derive_sizes, derive_stock
from .pictures import Picture
from .profiles import CatalogueRow

# Fields that a row states; the slug, `published` and `created` are left alone once a product exists.
STATED = (
    "name", "description", "brand_id", "category_id", "price", "currency", "gender", "colour", "attributes",
)  # fmt: skip
IMPORT_LOCK = 7_240_311  # any number that nothing else uses as a key of a Postgres advisory lock


@dataclass(frozen=True, slots=True)
class Checked:
    """A row whose pictures have all been decoded; `read` makes it anew of the product as it is when it is stored."""

    line: int
    sku: str
    read: Callable[[CatalogueRow | None], CatalogueRow]
    pictures: tuple[Picture, ...]


@dataclass(slots=True)
class Stored:
    """What became of the products of a chunk.

    `fields` counts changed products by what changed in them; `bare` are new ones without a picture; `refused` are rows that
    could not be read of the product as it was by then, or that the database refused.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    bare: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[Checked, RowError]] = field(default_factory=list)

    def add(self, other: Stored) -> None:
        """Count what became of other products, too."""
        self.added += other.added
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.bare += other.bare
        self.fields += other.fields
        self.refused += other.refused


@dataclass(frozen=True, slots=True)
class _Ready:
    """A row as it shall be stored, and its pictures."""

    row: CatalogueRow
    pictures: tuple[Picture, ...]


def stored_already(storage: Storage, picture: Picture) -> bool:
    """Whether the picture was stored by an earlier run: its name holds the hash of its bytes."""
    return storage.exists(picture.name) and storage.size(picture.name) == len(picture.content)


def present(skus: Iterable[str]) -> dict[str, CatalogueRow]:
    """The products of these SKUs as they are, with their sizes and the stored names of their pictures."""
    found = Product.objects.filter(sku__in=list(skus)).select_related("brand", "category")
    return {product.sku: row_of(product) for product in found.prefetch_related("images", "variants")}


def row_of(product: Product) -> CatalogueRow:
    """A product as the row that would state it."""
    return CatalogueRow(
        sku=product.sku,
        name=product.name,
        category=product.category.names,
        brand=product.brand.name if product.brand else "",
        description=product.description,
        price=product.price,
        currency=product.currency,
        gender=product.gender,
        colour=product.colour,
        attributes=product.attributes,
        sizes=tuple(Size(variant.size, variant.stock) for variant in product.variants.all()),
        pictures=tuple(image.image.name for image in product.images.all()),
    )


def store_chunk(
    chunk: Sequence[Checked],
    *,
    keep: bool = True,
    watch: Callable[[Sequence[str]], AbstractContextManager[None]] = nullcontext,
) -> Stored:
    """Add or update the products of a chunk, and mark what changed as stale for the search index.

    All of it happens in one transaction, which waits for another import's chunk if one is being stored. Where the database
    refuses that, each product is stored alone, and those that it refuses are refused.

    Args:
        chunk: rows with different SKUs, whose pictures are stored.
        keep: False rolls the transaction back, which leaves the counts.
        watch: sees the products of these SKUs before and after.
    """
    if not chunk:
        return Stored()
    try:
        return _store_together(chunk, keep=keep, watch=watch)
    except (DataError, IntegrityError) as error:
        if len(chunk) == 1:
            reason = " ".join(str(error).split())
            return Stored(
                refused=[
                    (
                        chunk[0],
                        RowError(
                            f"the database refuses the product: {reason}; change its row, or in the admin what has this value"
                        ),
                    )
                ]
            )
    stored = Stored()
    for item in chunk:
        stored.add(store_chunk([item], keep=keep, watch=watch))
    return stored


def _store_together(
    chunk: Sequence[Checked],
    *,
    keep: bool,
    watch: Callable[[Sequence[str]], AbstractContextManager[None]],
) -> Stored:
    stored = Stored()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
        with watch([item.sku for item in chunk]):
            rows, new, changes = _store(chunk, stored)
        transaction.set_rollback(not keep)
    stored.added, stored.changed = len(new), len(changes)
    stored.unchanged = len(rows) - len(new) - len(changes)
    stored.bare = sum(item.row.sku in new and not item.pictures for item in rows)
    stored.fields.update(name for fields in changes.values() for name in fields)
    return stored


def _store(chunk: Sequence[Checked], stored: Stored) -> tuple[list[_Ready], set[str], dict[str, list[str]]]:
    """Store what can be read, and return it, the SKUs that are new, and what changed by SKU."""
    known = _locked([item.sku for item in chunk])
    rows = _read(chunk, known, stored)
    taxonomy = Taxonomy()
    added = [_product(item.row, taxonomy) for item in rows if item.row.sku not in known]
    _set_slugs(added)
    Product.objects.bulk_create(added, batch_size=500)
    changes = {
        item.row.sku: fields
        for item in rows
        if item.row.sku in known and (fields := _restate(known[item.row.sku], item.row, taxonomy))
    }
    Product.objects.bulk_update([known[sku] for sku in changes], [*STATED, "updated"], batch_size=200)

    products = {**known, **{product.sku: product for product in added}}
    new = {product.sku for product in added}
    for name, touched in (
        ("images", _store_pictures(rows, products, new=new)),
        ("sizes", _store_variants(rows, products, new=new)),
    ):
        for sku in touched - new:
            changes.setdefault(sku, []).append(name)
    # A picture's name holds the hash of its bytes, so no picture has to be read again under an old name.
    mark_stale((str(products[sku].pk) for sku in sorted(new | changes.keys())), backfill=True, reread=False)
    return rows, new, changes


def _locked(skus: Sequence[str]) -> dict[str, Product]:
    """The products of these SKUs, which nobody else changes until the transaction is over."""
    found = Product.objects.select_for_update(of=("self",)).filter(sku__in=skus).order_by("pk")
    found = found.select_related("brand", "category").prefetch_related("images", "variants")
    return {product.sku: product for product in found}


def _read(chunk: Sequence[Checked], known: dict[str, Product], stored: Stored) -> list[_Ready]:
    rows = []
    for item in chunk:
        try:
            row = item.read(row_of(known[item.sku]) if item.sku in known else None)
        except RowError as error:
            stored.refused.append((item, error))
        else:
            rows.append(_Ready(row, item.pictures))
    return rows


def _product(row: CatalogueRow, taxonomy: Taxonomy) -> Product:
    brand = taxonomy.brand(row.brand)
    return Product(
        sku=row.sku,
        created=row.created or timezone.now(),
        brand_id=brand.pk if brand else None,
        category_id=taxonomy.category(row.category).pk,
        **_plain(replace(row, currency=row.currency or Product._meta.get_field("currency").get_default())),
    )


def _set_slugs(products: Sequence[Product]) -> None:
    """Give new products slugs, with a hash of the SKU where another one has the same: `A 1` and `A-1` have one slug."""
    slugs = {product.sku: product_slug(product.name, product.sku) for product in products}
    taken = set(Product.objects.filter(slug__in=slugs.values()).values_list("slug", flat=True))
    for product in products:
        slug = slugs[product.sku]
        if slug in taken:
            slug = f"{slug[:207]}-{hashlib.sha256(product.sku.encode()).hexdigest()[:12]}"
        taken.add(slug)
        product.slug = slug


def _restate(product: Product, row: CatalogueRow, taxonomy: Taxonomy) -> list[str]:
    """Set what a row states, and return the names of the fields that it changed."""
    own, stated = row_of(product), _plain(row)
    if row.brand != own.brand:  # where it is the same, it stays, whatever its slug has become in the admin
        brand = taxonomy.brand(row.brand)
        stated["brand_id"] = brand.pk if brand else None
    if row.category != own.category:
        stated["category_id"] = taxonomy.category(row.category).pk
    changed = [name for name, value in stated.items() if getattr(product, name) != value]
    for name in changed:
        setattr(product, name, stated[name])
    if changed:
        product.updated = timezone.now()
    return [name.removesuffix("_id") for name in changed]


def _plain(row: CatalogueRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in STATED if not name.endswith("_id")}


def _store_pictures(rows: Sequence[_Ready], products: dict[str, Product], *, new: set[str]) -> set[str]:
    """Give each product the pictures of its row; a row without any leaves the product's own alone."""
    touched, added, replaced = set(), [], []
    for item in rows:
        product, names = products[item.row.sku], [picture.name for picture in item.pictures]
        old = [] if item.row.sku in new else [image.image.name for image in product.images.all()]
        if not names or names == old:
            continue
        touched.add(item.row.sku)
        if old:
            replaced.append(product.pk)
        added += [
            ProductImage(product_id=product.pk, image=name, alt_text=_alt_text(item.row), position=position)
            for position, name in enumerate(names)
        ]
    ProductImage.objects.filter(product_id__in=replaced).delete()
    ProductImage.objects.bulk_create(added, batch_size=1000)
    return touched


def _store_variants(rows: Sequence[_Ready], products: dict[str, Product], *, new: set[str]) -> set[str]:
    """Give each product the sizes and stock of its row."""
    touched, added, replaced = set(), [], []
    for item in rows:
        product = products[item.row.sku]
        old = {} if item.row.sku in new else {size.size: size.stock for size in product.variants.all()}
        sizes = _sizes(item.row, old)
        if sizes == old and list(sizes) == list(old):
            continue
        touched.add(item.row.sku)
        if old:
            replaced.append(product.pk)
        added += [
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
    Variant.objects.bulk_create(added, batch_size=1000)
    return touched


def _sizes(row: CatalogueRow, old: dict[str, int]) -> dict[str, int]:
    """Stock by size: as the row states it, else as it is, else derived."""
    if row.sizes is None and old:
        return old
    sizes = derive_sizes(row) if row.sizes is None else row.sizes
    return {
        size.size: max(size.least, old.get(size.size, derive_stock(row.sku, size.size)))
        if size.stock is None
        else size.stock
        for size in sizes
    }


def _alt_text(row: CatalogueRow) -> str:
    name = row.name[:200]
    return name if not row.colour or row.colour.lower() in name.lower() else f"{name}, {row.colour.lower()}"


class Taxonomy:
    """Remembers brands and categories by slug, so that a row costs no query once its names are known.

    Two spellings with one slug are one brand or category, under the spelling seen first. Make a new one inside
    each transaction that stores products, since a failed one takes back what it made.
    """

    def __init__(self) -> None:
        self._brands = {brand.slug: brand for brand in Brand.objects.all()}
        self._categories = {category.path: category for category in Category.objects.all()}

    def brand(self, name: str) -> Brand | None:
        """The brand of that name, made if there is none; None for no name."""
        if not name:
            return None
        slug = slug_of(name)
        if slug not in self._brands:
            self._brands[slug] = Brand.objects.create(name=name, slug=slug)
        return self._brands[slug]

    def category(self, names: tuple[str, ...]) -> Category:
        """The category at the end of the path of names, made with its ancestors where they are missing."""
        parent: Category | None = None
        for name in names:
            slug = slug_of(name)
            path = f"{parent.path}/{slug}" if parent else slug
            if path not in self._categories:
                category = Category(parent=parent, name=name, slug=slug)
                category.save()
                self._categories[path] = category
            parent = self._categories[path]
        if parent is None:
            raise ValueError("A category path needs at least one name.")
        return parent


def slug_of(name: str) -> str:
    """Slug of a name; a hash of it where no letter of the name can stand in a slug."""
    return slugify(name)[:120] or hashlib.sha256(name.encode()).hexdigest()[:12]
