"""Addresses of the host: the search pages and what their cards lead to."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path, re_path

from shop.views import original, thumbnail

MEDIA = settings.MEDIA_URL.strip("/")


def front_page(request: HttpRequest) -> HttpResponse:
    """A page of the host's own, with a search box."""
    return render(request, "front.html")


urlpatterns = [
    path("", front_page),
    path("find/", include("search.urls")),
    # Pictures of the shop whose products these are.
    path("", include(([path(f"{MEDIA}/thumbs/<str:frame>/<path:name>.webp", thumbnail, name="thumbnail"),
                       path("products/<slug:slug>/", front_page, name="product")], "shop"))),
    re_path(rf"^{MEDIA}/(?P<path>.*)$", original, name="media"),
]  # fmt: skip
