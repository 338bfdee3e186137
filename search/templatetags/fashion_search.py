"""{% load fashion_search %}: a search box, banners, similar products, and the script that reports clicks."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.shortcuts import resolve_url
from django.template import RequestContext
from django.urls import NoReverseMatch, reverse

from ..conf import get_settings
from ..engine.similar import find_similar
from ..merchandising.snapshots import BannerShown
from ..text import storable

register = template.Library()


@register.inclusion_tag("fashion_search/search_box.html", takes_context=True)
def search_box(
    context: RequestContext,
    *,
    action: str = "",
    label: str = "Search products",
    placeholder: str = "",
    box_id: str = "fashion-search-q",
) -> dict[str, Any]:
    """Show a search box that holds the current query.

    Args:
        context: the page's context, whose request has the query.
        action: address or URL name of the search page; the setting SEARCH_URL by default.
        label: what the field is called, also for screen readers.
        placeholder: an example shown in the empty field.
        box_id: id of the field; another one for each box of a page.
    """
    request = context.get("request")
    return {
        "action": resolve_url(action or get_settings().search_url),
        "label": label,
        "placeholder": placeholder,
        "box_id": box_id,
        "query": storable(request.GET.get("q", "")).strip()[:200] if request else "",
    }


@register.inclusion_tag("fashion_search/similar_products.html")
def similar_products(
    product: Any,
    *,
    limit: int = 6,
    heading: str = "Similar products",
    width: int = 240,
    height: int = 320,
) -> dict[str, Any]:
    """Show products like this one; nothing where none can be found.

    Args:
        product: the host's instance.
        limit: most products in the row.
        heading: what stands above the row.
        width: of a picture, in pixels, so that the page does not jump while it loads.
        height: of a picture, in pixels.
    """
    answer = find_similar(str(product.pk), limit=limit)
    return {
        "results": answer.results,
        "heading": heading,
        "width": width,
        "height": height,
        "product": product,
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
    try:
        address = reverse("fashion_search:events")
    except NoReverseMatch:  # a host that does not include the API
        address = ""
    return {"enabled": bool(address) and get_settings().insight, "address": address}
