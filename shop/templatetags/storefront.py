"""Tags and filters of the storefront's templates: prices and pictures."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from shop.catalogue import category_counts, top_categories
from shop.models import Category, Product, thumbnail_url
from shop.money import format_money
from shop.thumbnails import SHAPES

register = template.Library()
register.filter("money", format_money)


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[Category]:
    """The categories of the top menu; a view that has counted products already gives `counts`."""
    if "top_categories" not in context.render_context:
        counts = context.get("counts") or category_counts()
        context.render_context["top_categories"] = top_categories(counts)
    return context.render_context["top_categories"]


@register.inclusion_tag("shop/_picture.html")
def picture(name: str, shape: str, *, alt: str = "", lazy: bool = True) -> dict[str, Any]:
    """A picture at one and two device pixels for each CSS pixel; a placeholder where `name` is empty.

    Args:
        name: storage name of the picture.
        shape: a name in SHAPES.
        alt: its text; empty where the words beside it say the same.
        lazy: whether it may load when it scrolls into view.
    """
    frame = SHAPES[shape]
    return {
        "src": thumbnail_url(name, shape) if name else "",
        "src2x": thumbnail_url(name, f"{shape}2x") if name else "",
        "alt": alt,
        "width": frame.width,
        "height": frame.height,
        "lazy": lazy,
    }


@register.inclusion_tag("shop/_card.html")
def product_card(product: Product, *, lazy: bool = True) -> dict[str, Any]:
    """A card of a product of the catalogue."""
    first = product.picture
    return {
        "name": product.name,
        "brand": product.brand.name if product.brand else "",
        "price": product.price,
        "currency": product.currency,
        "picture": first.image.name if first else "",
        "url": product.get_absolute_url(),
        "in_stock": product.in_stock,
        "lazy": lazy,
    }
