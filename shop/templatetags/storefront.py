"""Tags and filters of the storefront's templates: prices and pictures."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from search.money import format_money
from search.registry import ProductCard
from shop.catalogue import category_counts, top_categories
from shop.models import Category, thumbnail_url
from shop.thumbnails import FRAMES, FULL, SHAPES

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


@register.inclusion_tag("shop/_picture.html")
def stage_picture(name: str, *, alt: str, lazy: bool = True) -> dict[str, Any]:
    """A picture of the product's page, from the size of the stage up to the whole picture, as the browser chooses.

    Args:
        name: storage name of the picture.
        alt: its text.
        lazy: whether it may load when it scrolls into view.
    """
    widths = {shape: FRAMES[shape][0] for shape in ("stage", "stage2x", FULL)}
    frame = SHAPES["stage"]
    return {
        "src": thumbnail_url(name, "stage"),
        "srcset": ", ".join(f"{thumbnail_url(name, shape)} {width}w" for shape, width in widths.items()),
        "alt": alt,
        "width": frame.width,
        "height": frame.height,
        "lazy": lazy,
    }


@register.filter
def card_picture(name: str) -> str:
    """Address of a picture at the size that lists show."""
    return thumbnail_url(name, "card2x")


@register.filter
def full_picture(name: str) -> str:
    """Address of the whole picture."""
    return thumbnail_url(name, FULL)


@register.inclusion_tag("shop/_card.html")
def product_card(card: ProductCard, *, lazy: bool = True) -> dict[str, Any]:
    """A product in a list."""
    frame = SHAPES["card"]
    image = {"src": card.image, "src2x": card.image_large, "alt": "", "lazy": lazy}
    return {"card": card, **image, "width": frame.width, "height": frame.height}
