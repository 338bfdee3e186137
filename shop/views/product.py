"""The product page, and what search engines and messengers read of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import conditional_page, require_http_methods

from search.engine import find_other_colours, find_similar
from search.exceptions import SearchError
from search.registry import ProductCard
from search.tags import accepted_tags
from shop.bag import Bag
from shop.models import Category, Product, Variant, thumbnail_url
from shop.search_index import FACETS, ShopProductIndex, cards_of
from shop.security import own_forms

ROW = 6
COLOURS = 6
UNTAGGED = ("size", "brand")  # facets that say little about the look
log = logging.getLogger(__name__)


@own_forms
@require_http_methods(["GET", "HEAD", "POST"])
@conditional_page
def product_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Pictures, price, sizes, the style in other colours, description, attributes, tags, and similar products.

    POST puts the chosen size into the bag and leads there; what keeps it from that is said on the page, with the status 400.
    """
    shown = get_object_or_404(Product.objects.published().for_cards(), slug=slug)
    if request.method != "POST":
        return _page(request, shown)
    chosen = _chosen(shown, request.POST.get("size", ""))
    bag = Bag(request)
    refused = bag.add(chosen) if chosen else gettext("Choose a size.")
    if refused:
        return _page(request, shown, refused, chosen)
    return bag.tell(redirect("shop:bag"))


def _chosen(shown: Product, sku: str) -> Variant | None:
    """The size that the form names; where there is one only, that one."""
    sizes = list(shown.variants.all())
    if len(sizes) == 1 and not sku:
        return sizes[0]
    return next((variant for variant in sizes if variant.sku == sku), None)


def _page(
    request: HttpRequest, shown: Product, refused: str = "", chosen: Variant | None = None
) -> HttpResponse:
    heading, row = _similar(shown)
    data = product_data(shown, request.build_absolute_uri)
    context = {
        "product": shown,
        "line": list(Category.objects.line(shown.category.path)),
        "paragraphs": [part for part in shown.description.split("\n\n") if part.strip()],
        "details": _details(shown),
        "structured": as_script(data),
        "card_data": data,
        "colours": [result.product for result in find_other_colours(str(shown.pk), limit=COLOURS)],
        "tags": _tags(shown),
        "similar": row,
        "similar_heading": heading,
        "refused": refused,
        "chosen": chosen,
    }
    return render(request, "shop/product.html", context, status=400 if refused else 200)


def _details(shown: Product) -> list[tuple[str, str]]:
    """What the table of details says, the shop's own facts first."""
    facts = [(gettext("Category"), shown.category.name), (gettext("For"), shown.gender)]
    facts += [(name, str(value)) for name, value in sorted(shown.flat_attributes.items())]
    return [(name, value) for name, value in [*facts, (gettext("Article number"), shown.sku)] if value]


def _tags(shown: Product) -> list[tuple[str, str]]:
    """What can be filtered by that the product has, each with the query string that finds more of it."""
    facets = {**ShopProductIndex().document(shown).facets, "tags": accepted_tags(str(shown.pk))}
    pairs = [
        (name, value) for name in FACETS if name not in UNTAGGED for value in facets.get(name, ()) if value
    ]
    return list({value: (value, urlencode({name: value})) for name, value in pairs}.values())


def _similar(shown: Product) -> tuple[str, list[ProductCard]]:
    """Similar products, or the newest of the same category while the index cannot tell."""
    try:
        found = [result.card for result in find_similar(str(shown.pk), limit=ROW).results]
    except SearchError as error:
        log.warning("No similar products for %s: %s", shown.sku, error)
        found = []
    if found:
        return gettext("Similar products"), found
    others = Product.objects.published().filter(category=shown.category).exclude(pk=shown.pk)
    return gettext("More in %(category)s") % {"category": shown.category.name}, cards_of(
        others.for_cards()[:ROW]
    )


LONGEST_DESCRIPTION = 5000  # characters of a description
# As Django's json_script has them, so that nothing in a product's text can end the script element.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def product_data(product: Product, whole: Callable[[str], str]) -> dict[str, Any]:
    """Return a product as schema.org has it (https://schema.org/Product).

    Args:
        product: with its brand, category, pictures and sizes.
        whole: makes an address of a path.
    """
    data: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Product",
        "name": product.name,
        "sku": product.sku,
        "description": product.description[:LONGEST_DESCRIPTION] or product.name,
        "category": product.category.trail,
        "image": [whole(thumbnail_url(image.image.name, "stage2x")) for image in product.images.all()],
        "url": whole(product.get_absolute_url()),
        "brand": {"@type": "Brand", "name": product.brand.name} if product.brand else None,
        "color": product.colour,
        "size": [variant.size for variant in product.variants.all()],
    }
    if product.price is not None:
        stock = "InStock" if product.in_stock else "OutOfStock"
        data["offers"] = {
            "@type": "Offer",
            "price": f"{product.price:.2f}",
            "priceCurrency": product.currency,
            "availability": f"https://schema.org/{stock}",
            "url": data["url"],
        }
    return {name: value for name, value in data.items() if value}


def as_script(data: dict[str, Any]) -> SafeString:
    """Write data so that it can stand in a script element."""
    return mark_safe(json.dumps(data, ensure_ascii=False).translate(ESCAPES))  # noqa: S308 - escaped above
