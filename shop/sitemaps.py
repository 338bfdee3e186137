"""What crawlers are told: the pages of categories and products, in parts, and what to leave alone."""

from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from .models import SEPARATOR, Category, Product

PART = 10_000  # addresses; crawlers take five times as many


class Products(Sitemap):  # type: ignore[type-arg]  # it takes no type at run time
    """The pages of published products, in the order in which they came, so that parts stay as they are."""

    limit = PART

    def items(self) -> QuerySet[Product]:
        """Published products."""
        return Product.objects.published().order_by("pk").only("slug", "updated")

    def lastmod(self, item: Product) -> datetime:
        """When the product was changed."""
        return item.updated

    def get_latest_lastmod(self) -> None:
        """Say nothing of all of them: the last change would be that of every part, and looking for it reads the whole table."""


class Categories(Sitemap):  # type: ignore[type-arg]
    """The pages of categories that have products, themselves or further down."""

    limit = PART

    def items(self) -> QuerySet[Category]:
        """Those that have published products, by their paths."""
        own = Product.objects.published().filter(category=OuterRef("pk"))
        filled = Category.objects.filter(Exists(own)).values_list("path", flat=True)
        parts = [path.split(SEPARATOR) for path in filled]
        paths = {SEPARATOR.join(line[:depth]) for line in parts for depth in range(1, len(line) + 1)}
        return Category.objects.filter(path__in=paths).only("path")


SITEMAPS = {"categories": Categories, "products": Products}


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """robots.txt: where the sitemap is, and that there are more results of searches than anybody should look at."""
    lines = [
        "User-agent: *",
        *(
            f"Disallow: {reverse(name)}"
            for name in ("admin:index", "fashion_search:search", "fashion_search_pages:search")
        ),
        f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
