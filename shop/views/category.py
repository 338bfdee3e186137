"""The page of a category."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import conditional_page, require_safe

from search.exceptions import InvalidQuery
from shop.catalogue import category_counts
from shop.filters import FilterForm, Within
from shop.listing import DEFAULT_SORT, SORTS, list_category
from shop.models import Category
from shop.paging import elided_pages
from shop.views.results import PAGE_SIZE, context_of, find, refuse_beyond


@require_safe
@conditional_page
def category_page(request: HttpRequest, path: str) -> HttpResponse:
    """Products of a category and of everything below it, with the filter panel of the search page.

    They come from the index, so that filters and merchandising rules hold; from the shop's own tables while the index is
    not whole, and where another category has the same name, which the index does not tell apart.
    """
    if "\x00" in path:  # which Postgres does not take
        raise Http404
    category = get_object_or_404(Category, path=path)
    context = _way(category)
    below = Category.objects.subtree(category).exclude(pk=category.pk).values_list("name", flat=True)
    form = FilterForm(request.GET, Within(category.name, frozenset(below)))
    try:
        wanted = form.wanted()
        # Lists of a category are the same for everybody, so that pages can be cached: they carry no token.
        answer = find(wanted, freezing=False)
    except InvalidQuery as error:
        return render(request, "shop/category.html", context | {"error": error.sentence}, status=400)
    if answer.degraded or Category.objects.filter(name=category.name).exclude(pk=category.pk).exists():
        context |= _from_tables(category, wanted.sort, wanted.page)
    else:
        refuse_beyond(answer.page, answer.pages)
        context |= context_of(form, wanted, answer)
    return render(request, "shop/category.html", context)


def _way(category: Category) -> dict[str, Any]:
    """The way up and the way down."""
    counts = category_counts()
    children = [(child, counts[child.path]) for child in category.children.order_by("name")]
    return {
        "category": category,
        "line": list(Category.objects.line(category.path)),
        "counts": counts,
        "children": sorted(((child, count) for child, count in children if count), key=lambda pair: -pair[1]),
    }


def _from_tables(category: Category, sort: str, page: int) -> dict[str, Any]:
    sort = sort if sort in SORTS else DEFAULT_SORT
    listing = list_category(category, sort, page, PAGE_SIZE)
    refuse_beyond(listing.page, listing.pages)
    return {
        "answer": listing,
        "pages": elided_pages(listing.page, listing.pages),
        "sort": sort,
        "sorts": {key: label for key, (label, _) in SORTS.items()},
    }
