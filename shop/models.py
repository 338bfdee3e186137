"""The catalogue: the tree of categories, brands, products, their sizes and pictures."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import MinValueValidator
from django.db import connection, models, transaction
from django.db.models import F, Q, Value
from django.db.models.fields.files import FieldFile
from django.db.models.functions import Concat, Substr
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from search.encoders.pictures import open_picture
from search.exceptions import PictureError
from shop.metadata import stored_form
from shop.thumbnails import LARGEST

SEPARATOR = "/"


class CategoryQuerySet(models.QuerySet["Category"]):
    """Reads of the tree that need one query each."""

    def roots(self) -> Self:
        """Categories without a parent."""
        return self.filter(parent=None)

    def subtree(self, category: Category) -> Self:
        """The category itself and everything below it."""
        return self.filter(Q(path=category.path) | Q(path__startswith=category.path + SEPARATOR))

    def line(self, path: str) -> Self:
        """The categories from the root down to `path`, root first."""
        parts = path.split(SEPARATOR)
        paths = [SEPARATOR.join(parts[: n + 1]) for n in range(len(parts))]
        return self.filter(path__in=paths).order_by("depth")


class Category(models.Model):
    """A node of the category tree; `path` is the slugs from the root, `apparel/topwear/tshirts`."""

    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=120)
    path = models.CharField(max_length=500, unique=True, editable=False)
    depth = models.PositiveSmallIntegerField(default=0, editable=False)
    trail = models.CharField(
        max_length=500,
        editable=False,
        help_text=_(
            "Names from the root, joined by ' > ', so that lists and search need no walk up the tree."
        ),
    )

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ("path",)
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.trail

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save, and carry a changed path and trail down to every descendant in the same transaction.

        Raises:
            ValueError: its parent lies below it, so that its path would have no end.
        """
        with transaction.atomic():
            before = type(self).objects.filter(pk=self.pk).first() if self.pk else None
            if before and self.parent and f"{self.parent.path}/".startswith(f"{before.path}/"):
                raise ValueError(
                    f"The category {before.trail} cannot be moved below itself, to {self.parent.trail}."
                )
            self.path = self._own_path()
            self.trail = f"{self.parent.trail} > {self.name}" if self.parent else self.name
            self.depth = self.parent.depth + 1 if self.parent else 0
            if update_fields is not None:
                update_fields = {*update_fields, "path", "trail", "depth"}
            # Before the save, whose signal makes receivers look for the products below the new path.
            if before and (before.path, before.trail) != (self.path, self.trail):
                self._carry_down(before)
            super().save(*args, update_fields=update_fields, **kwargs)

    def get_absolute_url(self) -> str:
        """Address of the category's listing."""
        return reverse("shop:category", args=[self.path])

    @property
    def names(self) -> tuple[str, ...]:
        """Names from the root down to this category."""
        return tuple(self.trail.split(" > "))

    def clean(self) -> None:
        """Refuse a parent that lies below the category itself, and a name that breaks the trail."""
        if " > " in self.name:
            raise ValidationError({"name": _("A category name may not contain ' > '.")})
        if self.pk and self.parent_id and self.parent is not None:
            stored = type(self).objects.filter(pk=self.pk).values_list("path", flat=True).first()
            if stored and (self.parent.path + SEPARATOR).startswith(stored + SEPARATOR):
                raise ValidationError({"parent": _("A category cannot be moved below itself.")})
        clash = type(self).objects.filter(path=self._own_path()).exclude(pk=self.pk)
        if clash.exists():
            raise ValidationError({"slug": _("Its parent already has a category with this slug.")})

    def _own_path(self) -> str:
        return f"{self.parent.path}{SEPARATOR}{self.slug}" if self.parent else self.slug

    def _carry_down(self, before: Category) -> None:
        below = type(self).objects.filter(path__startswith=before.path + SEPARATOR)
        below.update(
            path=Concat(Value(self.path), Substr("path", len(before.path) + 1)),
            trail=Concat(Value(self.trail), Substr("trail", len(before.trail) + 1)),
            depth=F("depth") + self.depth - before.depth,
        )


class PublishedCount(models.Model):
    """Products that a category shows: rows to be summed, which triggers on the table of products append."""

    category = models.ForeignKey(
        Category, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    products = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.products:+} of category {self.category_id}"


class Brand(models.Model):
    """A maker whose name stands on products."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=120, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet["Product"]):
    """Reads of the catalogue."""

    def published(self) -> Self:
        """Products that shoppers may see."""
        return self.filter(published=True)

    def in_category(self, category: Category) -> Self:
        """Products of the category and of everything below it."""
        return self.filter(category__in=Category.objects.subtree(category))

    def for_cards(self) -> Self:
        """With what a product card shows, in two more queries however many products there are."""
        return self.select_related("brand", "category").prefetch_related("images", "variants")

    def values_of(self, column: str) -> list[str]:
        """The values of an indexed column, each once, in order; as many steps in its index as there are values."""
        name = connection.ops.quote_name(column)
        with connection.cursor() as cursor:
            cursor.execute(  # the name is that of a column of the model
                f"WITH RECURSIVE found (value) AS ((SELECT {name} FROM shop_product ORDER BY 1 LIMIT 1) UNION ALL"  # noqa: S608
                f" SELECT (SELECT {name} FROM shop_product WHERE {name} > found.value ORDER BY 1 LIMIT 1)"
                " FROM found WHERE found.value IS NOT NULL) SELECT value FROM found WHERE value IS NOT NULL"
            )
            return [value for (value,) in cursor.fetchall()]

    def named_like(self, word: str) -> Self:
        """Products with a word that begins so in their name, of a brand that is called so, or with this SKU."""
        quoted = word.replace("\\", "\\\\").replace("'", "''")
        words = SearchQuery(f"'{quoted}':*", config="simple", search_type="raw")
        # Read first: with the brands' numbers at hand, all three are looked up in indexes.
        brands = list(Brand.objects.filter(name__icontains=word).values_list("pk", flat=True))
        by_name = self.alias(_words=SearchVector("name", config="simple"))
        skus = [word, word.upper(), word.lower()]
        return by_name.filter(Q(_words=words) | Q(brand__in=brands) | Q(sku__in=skus))


class Product(models.Model):
    """One thing that can be bought, in one colour; its sizes are variants."""

    sku = models.CharField(_("SKU"), max_length=64, unique=True)
    slug = models.SlugField(max_length=220, unique=True, blank=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT, related_name="products")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    price = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("Empty: price on request."),
    )
    currency = models.CharField(max_length=3, default="INR", help_text=_("ISO 4217 code."))
    gender = models.CharField(max_length=20, blank=True, db_index=True)
    colour = models.CharField(max_length=40, blank=True, db_index=True)
    attributes = models.JSONField(default=dict, blank=True, help_text=_('{"Pattern": "Striped", ...}'))
    published = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(auto_now=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ("-created", "-pk")
        indexes = (
            models.Index(fields=("created", "id"), name="shop_product_newest", condition=Q(published=True)),
            models.Index(fields=("category", "created"), name="shop_product_category_newest"),
            # What the admin lists and looks for, published or not.
            models.Index(fields=("created", "id"), name="shop_product_added"),
            GinIndex(SearchVector("name", config="simple"), name="shop_product_name_words"),
        )
        constraints = (
            models.CheckConstraint(name="shop_product_price_not_negative", condition=Q(price__gte=0)),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        """Save, giving a product without a slug one made of its name and SKU."""
        if not self.slug:
            self.slug = product_slug(self.name, self.sku)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def get_absolute_url(self) -> str:
        """Address of the product page."""
        return reverse("shop:product", args=[self.slug])

    @property
    def picture(self) -> ProductImage | None:
        """The picture shown first, or None."""
        return next(iter(self.images.all()), None)

    @property
    def flat_attributes(self) -> dict[str, str | int | float]:
        """Attributes that are words or numbers; a row that was written by SQL may hold any JSON."""
        if not isinstance(self.attributes, dict):
            return {}
        return {name: value for name, value in self.attributes.items() if is_flat(value)}

    @property
    def in_stock(self) -> bool:
        """Whether any size can be bought now."""
        return any(variant.stock > 0 for variant in self.variants.all())


def is_flat(value: object) -> bool:
    """Whether the value of an attribute is a word or a number."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def product_slug(name: str, sku: str) -> str:
    """Slug that is unique because it ends in the SKU."""
    tail = slugify(sku) or sku.encode().hex()
    return f"{slugify(name)[: 219 - len(tail)]}-{tail}".strip("-")


class Variant(models.Model):
    """One size of a product, with its own stock."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(_("SKU"), max_length=80, unique=True)
    size = models.CharField(max_length=40)
    stock = models.PositiveIntegerField(default=0)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "pk")
        constraints = (models.UniqueConstraint(fields=("product", "size"), name="shop_variant_one_per_size"),)

    def __str__(self) -> str:
        return f"{self.product_id} {self.size}"


def validate_picture(picture: FieldFile) -> None:
    """Refuse a file that cannot be decoded whole, before it is stored.

    Raises:
        ValidationError: with the sentence of the decoder.
    """
    if picture._committed:  # it was checked when it was uploaded
        return
    try:
        open_picture(picture.file, at_least=LARGEST)
    except PictureError as error:
        raise ValidationError(str(error)) from error
    finally:
        picture.file.seek(0)


def thumbnail_url(name: str, frame: str) -> str:
    """Address of a picture's thumbnail; making the address touches no file.

    Args:
        name: storage name of the picture.
        frame: a name in `thumbnails.FRAMES`.
    """
    return reverse("shop:thumbnail", args=[frame, name])


def upload_name(_picture: ProductImage, name: str) -> str:
    """Return a name that no upload had before, so that browsers may cache the file for good."""
    return f"products/uploads/{secrets.token_hex(8)}{PurePosixPath(name).suffix.lower()}"


class ProductImage(models.Model):
    """One picture of a product; the first by position is shown on cards."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    image = models.ImageField(upload_to=upload_name, max_length=200, validators=[validate_picture])
    alt_text = models.CharField(max_length=250, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("picture")

    def __str__(self) -> str:
        return self.alt_text or self.image.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the picture; a new file loses the metadata that cameras write, such as the place, and HEIC and AVIF become a JPEG.

        Raises:
            PictureError: a new HEIC or AVIF file cannot be decoded.
        """
        if self.image and not self.image._committed:
            self.image.file.seek(0)
            content, name = stored_form(self.image.file.read(), self.image.name)
            self.image = ContentFile(content, name=name)
        super().save(*args, **kwargs)
