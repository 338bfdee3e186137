"""Admin of the category tree."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from search.admin import ModelAdmin
from shop.models import Category


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
        return super().get_queryset(request).annotate(product_count=Count("products"))

    @admin.display(description="name", ordering="path")
    def indented(self, category: Category) -> str:
        """The name, set in by its depth."""
        return "\u2003" * category.depth + category.name

    @admin.display(description="own products", ordering="product_count")
    def product_count(self, category: Category) -> int:
        """Number of products in the category itself, published or not."""
        return category.product_count
