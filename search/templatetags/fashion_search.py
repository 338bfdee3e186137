"""{% load fashion_search %}: a search box, banners, similar products, prices, and the script that reports clicks."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django import template
from django.shortcuts import resolve_url
from django.template import Context, RequestContext
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext, gettext_noop

from ..conf import get_settings
from ..engine.similar import find_similar
from ..merchandising.snapshots import BannerShown
from ..money import price_text
from ..registry import ProductCard
from ..text import storable

register = template.Library()

# What the scripts say, in their English; {name} stands for a value.
SCRIPT_TEXTS = (
    gettext_noop("Suggestions"),
    gettext_noop("Searches"),
    gettext_noop("Categories"),
    gettext_noop("Brands"),
    gettext_noop("Products"),
    gettext_noop("Recent searches"),
    gettext_noop("Clear recent searches"),
    gettext_noop("Popular searches"),
    gettext_noop("Remove “{text}”"),
    gettext_noop(" Delete removes a recent search."),
    gettext_noop("{count} suggestions, use the arrow keys."),
    gettext_noop("Looking for what is in the box…"),
    gettext_noop("Looking for pieces like it…"),
    gettext_noop("That is no picture. Send a JPEG, PNG, WebP, AVIF or HEIC photo."),
    gettext_noop("Search with piece {number} of {all}"),
    gettext_noop("The shop could not be reached. Look after your connection, then try again."),
    gettext_noop("The shop cannot answer at the moment. Try again in a few seconds."),
)


@register.inclusion_tag("fashion_search/search_box.html", takes_context=True)
def search_box(
    context: RequestContext,
    *,
    action: str = "",
    label: str = "",
    placeholder: str = "",
    box_id: str = "fashion-search-q",
) -> dict[str, Any]:
    """Show a search box that holds the current query, with suggestions where the search pages are included.

    Args:
        context: the page's context, whose request has the query.
        action: address or URL name of the search page; the setting SEARCH_URL by default.
        label: what the field is called, also for screen readers; "Search products" by default.
        placeholder: an example shown in the empty field.
        box_id: id of the field; another one for each box of a page.
    """
    request = context.get("request")
    return {
        "action": resolve_url(action or get_settings().search_url),
        "suggest": _first_address("fashion_search_pages:suggest"),
        "label": label or gettext("Search products"),
        "placeholder": placeholder,
        "box_id": box_id,
        "query": storable(request.GET.get("q", "")).strip()[:200] if request else "",
    }


@register.inclusion_tag("fashion_search/similar_products.html", takes_context=True)
def similar_products(
    context: Context,
    product: Any,
    *,
    limit: int = 6,
    heading: str = "",
    width: int = 240,
    height: int = 320,
) -> dict[str, Any]:
    """Show products like this one; nothing where none can be found.

    Args:
        context: the page's context, whose request prices may depend on.
        product: the host's instance.
        limit: most products in the row.
        heading: what stands above the row; "Similar products" by default.
        width: of a picture, in pixels, so that the page does not jump while it loads.
        height: of a picture, in pixels.
    """
    answer = find_similar(str(product.pk), limit=limit)
    return {
        "results": answer.results,
        "heading": heading or gettext("Similar products"),
        "width": width,
        "height": height,
        "product": product,
        "request": context.get("request"),
    }


@register.inclusion_tag("fashion_search/banners.html")
def search_banners(banners: Sequence[BannerShown]) -> dict[str, Any]:
    """Show the banners of a search's answer; nothing where there are none."""
    return {"banners": banners}


@register.inclusion_tag("fashion_search/search_events.html")
def search_events() -> dict[str, Any]:
    """Load the script that reports clicks on results; nothing where the setting INSIGHT is off.

    Results are marked by `data-search` (the answer's id) on their list, and `data-sku` and `data-position` on each.
    """
    address = _first_address("fashion_search:events", "fashion_search_pages:events")
    return {"enabled": bool(address) and get_settings().insight, "address": address}


@register.simple_tag
def search_texts() -> str:
    """Give the texts of the scripts in the page's language as JSON, for an attribute `data-texts` around what they work on."""
    said = {text: gettext(text) for text in SCRIPT_TEXTS}
    return json.dumps({text: other for text, other in said.items() if other != text}, ensure_ascii=False)


@register.simple_tag(takes_context=True)
def product_price(context: Context, card: ProductCard) -> str:
    """Write the price of a card: by the function that the setting PRICE_FORMAT names, or in the form of the page's language."""
    return price_text(context.get("request"), card)


def _first_address(*names: str) -> str:
    """The address of the first of these names that the host includes; "" for none."""
    for name in names:
        with suppress(NoReverseMatch):
            return reverse(name)
    return ""
