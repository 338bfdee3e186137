"""Admin of the catalogue and of accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from math import isfinite
from operator import or_
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.db.models import Count, JSONField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from search.admin import IndexedProductAdmin, ModelAdmin
from search.encoders.heif_parts import HEIF_BEGIN, heif_format
from search.encoders.picture_parts import walk_parts
from search.exceptions import PictureError
from search.money import format_money
from shop.metadata import stored_form
from shop.models import (
    Brand,
    Category,
    Product,
    ProductImage,
    PublishedCount,
    Variant,
    is_flat,
    thumbnail_url,
)
from shop.search_index import set_published
from shop.thumbnails import SHAPES

FEW = 10_000  # products that are found before they are sorted
NAMED = 500  # categories
EXPECTED = _('Enter a JSON object of words and numbers, such as {"Pattern": "Striped"}.')
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


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


class PictureField(forms.ImageField):
    """A picture whose parts are counted before Django has Pillow read them one by one; HEIC and AVIF become the JPEG that is stored."""

    def to_python(self, data: Any) -> Any:
        """Return the uploaded picture.

        Raises:
            ValidationError: it has too many parts, or is no picture.
        """
        if data not in self.empty_values:
            data.seek(0)
            try:
                walk_parts(data)
                data.seek(0)
                if heif_format(data.read(HEIF_BEGIN)):
                    data.seek(0)
                    content, name = stored_form(data.read(), data.name)
                    data = SimpleUploadedFile(name, content, "image/jpeg")
            except PictureError as error:
                raise ValidationError(str(error)) from error
            finally:
                data.seek(0)
        return super().to_python(data)


class AttributesField(forms.JSONField):
    """A product's attributes; takes what Postgres takes, and nothing nested."""

    default_error_messages = {"invalid": EXPECTED}

    def to_python(self, value: Any) -> dict[str, str | int | float]:
        """Read what was entered; nothing is no attributes.

        Raises:
            ValidationError: it is no JSON, no flat object, or holds what is no text or no number.
        """
        try:
            attributes = super().to_python(value)
        except (ValueError, RecursionError):  # a number of thousands of digits; brackets in brackets
            raise ValidationError(EXPECTED, code="invalid") from None
        if attributes is None:
            return {}
        if not isinstance(attributes, dict):
            raise ValidationError(EXPECTED, code="invalid")
        for name, one in attributes.items():
            if not (is_flat(one) and _is_storable(name) and _is_storable(one)):
                raise ValidationError(EXPECTED, code="invalid")
        return attributes

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What the form shows again: what was refused as it was typed."""
        try:
            self.to_python(data)
        except ValidationError:
            return InvalidJSONInput(data)
        return super().bound_data(data, initial)


def _is_storable(value: str | float) -> bool:
    """Whether jsonb takes it: no NUL, no half of a surrogate pair, no infinite number."""
    if isinstance(value, str):
        return not _UNSTORABLE.search(value)
    return isinstance(value, int) or isfinite(value)


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

    title = _("stock")
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        """In stock or sold out."""
        return [("in", gettext("In stock")), ("out", gettext("Sold out"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        """Narrow the list."""
        if self.value() not in {"in", "out"}:
            return queryset
        stocked = Variant.objects.filter(stock__gt=0).values("product_id")
        return queryset.filter(pk__in=stocked) if self.value() == "in" else queryset.exclude(pk__in=stocked)


class CategoryFilter(admin.SimpleListFilter):
    """Products of a category and of those below it, whose name or way from the root is typed; browsers complete it."""

    title = _("category")
    parameter_name = "category"
    template = "admin/category_filter.html"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        """None to click on: a shop has hundreds of categories."""
        return []

    def has_output(self) -> bool:
        """Show it all the same."""
        return True

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """What the form needs: the other parameters of the address, and the ways that browsers complete."""
        left_out = (self.parameter_name, PAGE_VAR)
        yield {
            "name": self.parameter_name,
            "value": self.value() or "",
            "kept": [
                (name, value)
                for name, values in changelist.filter_params.items()
                for value in values
                if name not in left_out
            ],
            "trails": Category.objects.values_list("trail", flat=True)[:NAMED],
            "everything": changelist.get_query_string(remove=[self.parameter_name]),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        """Narrow the list to the subtrees of the categories that are meant; of none, to nothing."""
        typed = " ".join(_UNSTORABLE.sub("", self.value() or "").split())
        if not typed:
            return queryset
        meant = Category.objects.filter(
            Q(trail__iexact=typed) | Q(trail__istartswith=f"{typed} > ") | Q(name__istartswith=typed)
        )
        below = [Q(path__startswith=f"{path}/") for path in meant.values_list("path", flat=True)[:NAMED]]
        everything = Category.objects.filter(reduce(or_, below, Q(pk__in=meant.values("pk"))))
        return queryset.filter(category__in=everything.values("pk"))


class ValueFilter(admin.AllValuesFieldListFilter):
    """The values of an indexed column, found one after the other; Django's own reads every product."""

    def __init__(self, field: models.CharField[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(field, *args, **kwargs)
        self.lookup_choices = Product.objects.values_of(field.name)


@admin.register(Product)
class ProductAdmin(IndexedProductAdmin, admin.ModelAdmin):
    """Products with thumbnail, price, stock and the state of their index entry."""

    list_display = (
        "thumbnail",
        "name",
        "published",
        "stock",
        "index_state",
        "price_shown",
        "sku",
        "maker",
        "shelf",
    )
    list_display_links = ("name",)
    list_filter = (
        "published",
        StockFilter,
        ("gender", ValueFilter),
        CategoryFilter,
        ("colour", ValueFilter),
        "created",
    )
    list_per_page = 50
    search_fields = ("name",)  # read by `get_search_results`
    search_help_text = _("Beginnings of words of the name, brand, or SKU")
    ordering = ("-created", "-pk")
    autocomplete_fields = ("brand", "category")
    readonly_fields = ("updated",)
    inlines = (ProductImageInline, VariantInline)
    formfield_overrides = {JSONField: {"form_class": AttributesField}}
    actions = ("publish", "withdraw")
    fieldsets = (
        (None, {"fields": ("name", "sku", "slug", "brand", "category", "description")}),
        (_("Price"), {"fields": (("price", "currency"),)}),
        (_("Properties"), {"fields": (("gender", "colour"), "attributes")}),
        (_("Shown"), {"fields": ("published", "created", "updated")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """Products with what the list shows, in a fixed number of queries."""
        return super().get_queryset(request).for_cards()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        """Narrow the list to what has every word, all of which are looked up in indexes."""
        words = search_term.split()
        found = queryset
        for word in words:
            found = found.named_like(word)  # type: ignore[attr-defined]
        # Of a rare word Postgres would rather read all products in the order of the list until it has met a page of them.
        keys = list(found.order_by().values_list("pk", flat=True)[: FEW + 1]) if words else []
        return queryset.filter(pk__in=keys) if words and len(keys) <= FEW else found, False

    @admin.display(description="")
    def thumbnail(self, product: Product) -> SafeString | str:
        """The first picture, small."""
        return mini(product.picture)

    @admin.display(description=_("price"), ordering="price")
    def price_shown(self, product: Product) -> str:
        """The price as shoppers read it."""
        return format_money(product.price, product.currency)

    @admin.display(description=_("brand"), ordering="brand")
    def maker(self, product: Product) -> str:
        """The brand; Django would keep it on one line, which leaves the names none."""
        return str(product.brand or "")

    @admin.display(description=_("category"), ordering="category")
    def shelf(self, product: Product) -> str:
        """The category's own name, without the way to it."""
        return product.category.name

    @admin.display(description=_("stock"))
    def stock(self, product: Product) -> int:
        """Pieces of all sizes together."""
        return sum(variant.stock for variant in product.variants.all())

    def view_on_site(self, product: Product) -> str | None:
        """The product page; none for a product that shoppers do not see."""
        return product.get_absolute_url() if product.published else None

    @admin.action(description=_("Publish selected products"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Show products to shoppers."""
        self._set_published(request, queryset, published=True)

    @admin.action(description=_("Withdraw selected products"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Hide products from shoppers."""
        self._set_published(request, queryset, published=False)

    def _set_published(self, request: HttpRequest, queryset: QuerySet[Product], *, published: bool) -> None:
        count = set_published(queryset.values_list("pk", flat=True), published=published)
        sentence = (
            ngettext("%(count)s product published.", "%(count)s products published.", count)
            if published
            else ngettext("%(count)s product withdrawn.", "%(count)s products withdrawn.", count)
        )
        self.message_user(request, sentence % {"count": count})


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    """The tree as an indented list, in the order of its paths."""

    list_display = ("indented", "path", "product_count")
    search_fields = ("name", "path")
    list_filter = ("depth",)
    autocomplete_fields = ("parent",)
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("path", "trail")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        """Categories with their counts, in one query."""
        kept = PublishedCount.objects.filter(category=OuterRef("pk")).order_by().values("category")
        shown = Subquery(kept.annotate(number=Sum("products")).values("number"))
        return super().get_queryset(request).annotate(product_count=Coalesce(shown, 0))

    @admin.display(description=_("name"), ordering="path")
    def indented(self, category: Category) -> str:
        """The name, set in by its depth."""
        return "\u2003" * category.depth + category.name

    @admin.display(description=_("own products shown"), ordering="product_count")
    def product_count(self, category: Category) -> int:
        """Number of published products in the category itself."""
        return category.product_count


@admin.register(Brand)
class BrandAdmin(ModelAdmin):
    """Brands with the number of their products."""

    list_display = ("name", "slug", "product_count")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        """Brands with their counts, in one query."""
        own = Product.objects.filter(brand=OuterRef("pk")).order_by().values("brand")
        # Of those on the page alone: of no other a list in the order of names has need.
        return (
            super()
            .get_queryset(request)
            .annotate(product_count=Coalesce(Subquery(own.annotate(number=Count("pk")).values("number")), 0))
        )

    @admin.display(description=_("products"))
    def product_count(self, brand: Brand) -> int:
        """Number of products of the brand, published or not."""
        return brand.product_count


admin.site.unregister([Group, User])


@admin.register(Group)
class ForgivingGroupAdmin(ModelAdmin, GroupAdmin):
    """Groups and their permissions."""


@admin.register(User)
class ForgivingUserAdmin(ModelAdmin, UserAdmin):
    """Who may use the admin, and for what."""
