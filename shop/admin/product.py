"""Admin of products, with their sizes and pictures."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db import models
from django.db.models import JSONField, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from search.admin import IndexedProductAdmin
from shop.attributes import AttributesField
from shop.models import Product, ProductImage, Variant
from shop.money import format_money
from shop.publishing import set_published
from shop.thumbnails import SHAPES, thumbnail_url

from .picture_field import PictureField


def mini(image: ProductImage | None) -> SafeString | str:
    """A small picture for tables; a dash where there is none."""
    if image is None or not image.image:
        return "-"
    frame = SHAPES["mini"]
    return format_html(
        '<img src="{}" alt="" width="{}" height="{}" loading="lazy">',
        thumbnail_url(image.image.name, frame.name),
        frame.width // 2,
        frame.height // 2,
    )


class VariantInline(admin.TabularInline):
    """Sizes and stock of a product."""

    model = Variant
    extra = 0
    fields = ("position", "size", "sku", "stock")


class ProductImageInline(admin.TabularInline):
    """Pictures of a product, in the order in which they are shown."""

    model = ProductImage
    formfield_overrides: ClassVar = {models.ImageField: {"form_class": PictureField}}
    extra = 0
    fields = ("position", "thumbnail", "image", "alt_text")
    readonly_fields = ("thumbnail",)

    @admin.display(description="")
    def thumbnail(self, image: ProductImage) -> SafeString | str:
        """The picture, small."""
        return mini(image)


class StockFilter(admin.SimpleListFilter):
    """Products by whether any size can be bought."""

    title = "stock"
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        """In stock or sold out."""
        return [("in", "In stock"), ("out", "Sold out")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        """Narrow the list."""
        if self.value() not in {"in", "out"}:
            return queryset
        stocked = Variant.objects.filter(stock__gt=0).values("product_id")
        return queryset.filter(pk__in=stocked) if self.value() == "in" else queryset.exclude(pk__in=stocked)


@admin.register(Product)
class ProductAdmin(IndexedProductAdmin, admin.ModelAdmin):
    """Products with thumbnail, price, stock and the state of their index entry."""

    list_display = ("thumbnail", "name", "sku", "brand", "category", "price_shown", "stock", "published")
    list_display_links = ("name",)
    list_filter = (
        "published",
        StockFilter,
        "gender",
        ("category", admin.RelatedOnlyFieldListFilter),
        "colour",
    )
    list_per_page = 50
    search_fields = ("name", "=sku", "brand__name")
    search_help_text = "Name, brand or SKU"
    date_hierarchy = "created"
    ordering = ("-created", "-pk")
    autocomplete_fields = ("brand", "category")
    readonly_fields = ("updated",)
    inlines = (ProductImageInline, VariantInline)
    formfield_overrides = {JSONField: {"form_class": AttributesField}}
    actions = ("publish", "withdraw")
    fieldsets = (
        (None, {"fields": ("name", "sku", "slug", "brand", "category", "description")}),
        ("Price", {"fields": (("price", "currency"),)}),
        ("Properties", {"fields": (("gender", "colour"), "attributes")}),
        ("Shown", {"fields": ("published", "created", "updated")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """Products with what the list shows, in a fixed number of queries."""
        return super().get_queryset(request).for_cards()

    @admin.display(description="")
    def thumbnail(self, product: Product) -> SafeString | str:
        """The first picture, small."""
        return mini(product.picture)

    @admin.display(description="price", ordering="price")
    def price_shown(self, product: Product) -> str:
        """The price as shoppers read it."""
        return format_money(product.price, product.currency)

    @admin.display(description="stock")
    def stock(self, product: Product) -> int:
        """Pieces of all sizes together."""
        return sum(variant.stock for variant in product.variants.all())

    def view_on_site(self, product: Product) -> str | None:
        """The product page; none for a product that shoppers do not see."""
        return product.get_absolute_url() if product.published else None

    @admin.action(description="Publish selected products", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Show products to shoppers."""
        self._set_published(request, queryset, published=True)

    @admin.action(description="Withdraw selected products", permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Hide products from shoppers."""
        self._set_published(request, queryset, published=False)

    def _set_published(self, request: HttpRequest, queryset: QuerySet[Product], *, published: bool) -> None:
        count = set_published(queryset.values_list("pk", flat=True), published=published)
        self.message_user(request, f"{count} products {'published' if published else 'withdrawn'}.")
