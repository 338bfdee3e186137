from django.contrib import admin
from fashion_search.admin import IndexedProductAdmin

from .models import Maker, Photo, Rubric, Tariff, Ware

admin.site.register([Maker, Photo, Rubric, Tariff])


@admin.register(Ware)
class WareAdmin(IndexedProductAdmin):
    list_display = ("__str__", "maker", "colour", "added")
    list_filter = ("visible", "category")
    date_hierarchy = "added"
