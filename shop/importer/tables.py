"""Store a chunk of rows in the catalogue's tables: brands, categories, products, pictures, sizes and stock."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.files.storage import Storage
from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from search.signals import mark_stale
from shop.models import Brand, Category, Product, ProductImage, Variant, product_slug

from .pictures import Picture
from .profiles import CatalogueRow, Size

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


ONE_SIZE = ("One size",)
LETTERS = ("XS", "S", "M", "L", "XL", "XXL")
KIDS = ("2-3 Y", "4-5 Y", "6-7 Y", "8-9 Y", "10-11 Y", "12-13 Y")
SHOES = {"men": ("6", "7", "8", "9", "10", "11"), "women": ("3", "4", "5", "6", "7", "8")}
KIDS_SHOES = ("10", "11", "12", "13", "1", "2")
WAISTS = {"men": ("28", "30", "32", "34", "36", "38"), "women": ("26", "28", "30", "32", "34")}
BANDS = ("32A", "32B", "34B", "34C", "36B", "36C")
WAIST_TYPES = {"jeans", "trousers", "chinos", "track pants", "shorts", "capris", "rain trousers"}
UNSIZED = {"saree", "sarees", "dupatta", "shawl", "stole", "stoles"}
UNSIZED_ROOTS = ("accessories", "personal care", "free items", "sporting goods", "home")


def derive_sizes(row: CatalogueRow) -> tuple[Size, ...]:
    """Sizes that fit the product's type and gender, each with its stock.

    About one in seven is sold out, so that pages show that case too.
    """
    return tuple(Size(size, derive_stock(row.sku, size)) for size in _range(row))


def _range(row: CatalogueRow) -> tuple[str, ...]:
    root, leaf = row.category[0].casefold(), row.category[-1].casefold()
    gender = row.gender.casefold()
    kids = gender in {"boys", "girls", "kids"}
    fit = "women" if gender in {"women", "girls"} else "men"
    if "footwear" in root and "accessories" not in leaf:
        return tuple(f"UK {size}" for size in (KIDS_SHOES if kids else SHOES[fit]))
    if root.startswith(UNSIZED_ROOTS) or leaf in UNSIZED:
        return ONE_SIZE
    if kids:
        return KIDS
    if leaf == "bra":
        return BANDS
    return WAISTS[fit] if leaf in WAIST_TYPES else LETTERS


def derive_stock(sku: str, size: str) -> int:
    """Pieces of one size, 0 to 24, always the same for one SKU and size."""
    number = int.from_bytes(hashlib.sha256(f"{sku}/{size}".encode()).digest()[:4])
    return 0 if number % 7 == 0 else 1 + number // 7 % 24
