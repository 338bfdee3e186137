"""Products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from .brand import Brand
from .category import Category

if TYPE_CHECKING:
    from .picture import ProductImage


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


class Product(models.Model):
    """One thing that can be bought, in one colour; its sizes are variants."""

    sku = models.CharField("SKU", max_length=64, unique=True)
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
        help_text="Empty: price on request.",
    )
    currency = models.CharField(max_length=3, default="INR", help_text="ISO 4217 code.")
    gender = models.CharField(max_length=20, blank=True, db_index=True)
    colour = models.CharField(max_length=40, blank=True, db_index=True)
    attributes = models.JSONField(default=dict, blank=True, help_text='{"Pattern": "Striped", ...}')
    published = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(auto_now=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ("-created", "-pk")
        indexes = (
            models.Index(fields=("created", "id"), name="shop_product_newest", condition=Q(published=True)),
            models.Index(fields=("category", "created"), name="shop_product_category_newest"),
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
    def in_stock(self) -> bool:
        """Whether any size can be bought now."""
        return any(variant.stock > 0 for variant in self.variants.all())


def product_slug(name: str, sku: str) -> str:
    """Slug that is unique because it ends in the SKU."""
    tail = slugify(sku) or sku.encode().hex()
    return f"{slugify(name)[: 219 - len(tail)]}-{tail}".strip("-")
