"""Addresses of the storefront, the admin and the API."""

from django.conf import settings
from django.contrib import admin
from django.contrib.sitemaps import views as sitemap_views
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import include, path, re_path

from . import views
from .sitemaps import SITEMAPS, robots

MEDIA = settings.MEDIA_URL.strip("/")


def favicon(_request: HttpRequest) -> HttpResponseRedirect:
    """Browsers ask for /favicon.ico even where a page names another."""
    return HttpResponseRedirect(staticfiles_storage.url("shop/icon.svg"))


storefront = [
    path("", views.home_page, name="home"),
    path("categories/<path:path>/", views.category_page, name="category"),
    path("products/<slug:slug>/", views.product_page, name="product"),
    path("bag/", views.bag_page, name="bag"),
    # Below the media address, so that a web server in front may serve those that are made already.
    path(f"{MEDIA}/thumbs/<str:frame>/<path:name>.webp", views.thumbnail, name="thumbnail"),
]

handler404 = "shop.views.errors.not_found"
handler500 = "shop.overload.failed"

urlpatterns = [
    path("", include((storefront, "shop"))),
    path("search/", include("search.urls")),
    path("", include("search.monitoring.urls")),
    path("api/v1/", include("search.api.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", favicon, name="favicon"),
    path("robots.txt", robots, name="robots"),
    path(
        "sitemap.xml",
        sitemap_views.index,
        {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap_part"},
        "sitemap",
    ),
    path("sitemap-<section>.xml", sitemap_views.sitemap, {"sitemaps": SITEMAPS}, "sitemap_part"),
]

if settings.SERVE_MEDIA:
    urlpatterns.append(re_path(rf"^{MEDIA}/(?P<path>.*)$", views.original, name="media"))
