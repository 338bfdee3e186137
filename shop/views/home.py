"""The front page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import conditional_page, require_safe

from shop.catalogue import category_counts, category_tiles, new_arrivals

NEW_ARRIVALS = 10
HERO_PICTURES = 3
HINTS = ("white sneakers", "party dress", "blue denim jacket", "leather handbag")


@require_safe
@conditional_page
def home_page(request: HttpRequest) -> HttpResponse:
    """Hero, categories with pictures, new arrivals."""
    counts = category_counts()
    tiles = category_tiles(counts)
    context = {
        "counts": counts,
        "arrivals": new_arrivals(NEW_ARRIVALS),
        "tiles": tiles,
        "hints": HINTS,
        "hero": tiles[:HERO_PICTURES],
    }
    return render(request, "shop/home.html", context)
