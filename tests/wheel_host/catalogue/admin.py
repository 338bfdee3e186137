"""Products in the admin, with their state in the index."""

from django.contrib import admin
from fashion_search.admin import IndexedProductAdmin

from .models import Product


@admin.register(Product)
class ProductAdmin(IndexedProductAdmin):
    """With the plugin's columns and actions."""

    list_display = ("name", "kind")
