"""Addresses of the shop."""

from catalogue.views import page
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("fashion_search.api.urls")),
    path("", include("fashion_search.monitoring.urls")),
    path("product/<int:pk>/", page, name="product"),
]
