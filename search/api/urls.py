"""Addresses of the API; a host includes them, for example below /api/v1/."""

from django.urls import path, re_path

from .events import EventView
from .views import NoSuchView, ProductView, SearchView, SimilarView

app_name = "fashion_search"
urlpatterns = [
    path("search/", SearchView.as_view(), name="search"),
    path("products/<path:sku>/similar/", SimilarView.as_view(), name="similar"),
    path("products/<path:sku>/", ProductView.as_view(), name="product"),
    path("events/", EventView.as_view(), name="events"),
    re_path(
        r"^(?:search|products|events)/(?s:.*)$", NoSuchView.as_view()
    ),  # so that a wrong address is told in JSON too
]
