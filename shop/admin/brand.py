"""Admin of brands."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from search.admin import ModelAdmin
from shop.models import Brand


@admin.register(Brand)
class BrandAdmin(ModelAdmin):
    """Brands with the number of their products."""

    list_display = ("name", "slug", "product_count")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        """Brands with their counts, in one query."""
        return super().get_queryset(request).annotate(product_count=Count("products"))

    @admin.display(description="products", ordering="product_count")
    def product_count(self, brand: Brand) -> int:
        """Number of products of the brand, published or not."""
        return brand.product_count
