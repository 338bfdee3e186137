"""The page of the bag."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shop.bag import Bag, totals
from shop.security import own_forms


@own_forms
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def bag_page(request: HttpRequest) -> HttpResponse:
    """Lines with their quantities, and what they cost together; POST changes a line's quantity or removes it."""
    bag = Bag(request)
    if request.method == "POST":
        bag.change(request.POST.get("line", ""), _quantity(request))
        return bag.tell(redirect("shop:bag"))
    lines = bag.lines()
    said, added = bag.said()
    context = {
        "lines": lines,
        "totals": totals(lines),
        "on_request": any(line.price is None for line in lines),
        "said": said,
        "added": added,
        "bag_count": bag.count,
    }
    return bag.tell(render(request, "shop/bag.html", context))


def _quantity(request: HttpRequest) -> int:
    """How many pieces the form asks for: 0 from its button "Remove", 1 where it is no number."""
    if "remove" in request.POST:
        return 0
    asked = request.POST.get("quantity", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 1
