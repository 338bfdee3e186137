"""Addresses of the API; a host includes them, for example below /api/v1/."""

from django.urls import path, re_path

from .events import EventView
from .photo import PhotoSearchView
from .tags import TagView, WordView
from .views import (
    CategoryListView,
    NoSuchView,
    ProductListView,
    ProductView,
    SchemaView,
    SearchView,
    SimilarView,
    SuggestView,
    docs_page,
)

app_name = "fashion_search"
urlpatterns = [
    path("search/photo/", PhotoSearchView.as_view(), name="photo"),
    path("search/", SearchView.as_view(), name="search"),
    path("categories/", CategoryListView.as_view(), name="categories"),
    path("products/", ProductListView.as_view(), name="products"),
    path("products/<path:sku>/similar/", SimilarView.as_view(), name="similar"),
    path("products/<path:sku>/", ProductView.as_view(), name="product"),
    path("suggest/", SuggestView.as_view(), name="suggest"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", docs_page, name="docs"),
    path("events/", EventView.as_view(), name="events"),
    path("tags/", TagView.as_view(), name="tags"),
    path("words/", WordView.as_view(), name="words"),
    re_path(
        r"^(?:search|products|categories|suggest|events|tags|words|schema|docs)/(?s:.*)$",
        NoSuchView.as_view(),
    ),  # so that a wrong address is answered in JSON, too
]
