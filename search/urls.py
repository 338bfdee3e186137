"""Addresses of the search pages; a host includes them, for example below /search/. They need the extra `api`, whose limits and suggestions they share."""

from django.urls import path

from .api.events import EventView
from .views.photo import photo_page
from .views.search import search_page
from .views.suggest import PageSuggestView

app_name = "fashion_search_pages"
urlpatterns = [
    path("", search_page, name="search"),
    path("photo/", photo_page, name="photo"),
    path("suggest/", PageSuggestView.as_view(), name="suggest"),
    path("events/", EventView.as_view(), name="events"),
]
