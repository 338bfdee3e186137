"""The front page and the pages of categories."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import conditional_page, require_safe

from search.conf import get_settings
from search.engine import PageProducts, SearchAnswer, SearchResult, answers, clean_filters, count_answer
from search.exceptions import InvalidQuery
from search.views import FilterForm, Wanted, Within, context_of, find, refuse_beyond, status_of
from shop.catalogue import (
    CATEGORY,
    DEFAULT_SORT,
    SORTS,
    category_counts,
    category_tiles,
    list_category,
    new_arrivals,
)
from shop.models import Category
from shop.search_index import ShopProductIndex, cards_of


@require_safe
@conditional_page
def category_page(request: HttpRequest, path: str) -> HttpResponse:
    """Products of a category and of everything below it, with the filter panel of the search page.

    They come from the index, with its filters, counts and rules. They come from the shop's own tables, with the same filters, while the
    index does not answer, and where another category has the name of this one or of a chosen one, since the index goes by names. The page
    then says what is missing. The answer is 503 where the tables do not answer either, and where the index does not answer a request
    with words or a look.
    """
    if "\x00" in path:  # Postgres takes no such text
        raise Http404
    category = get_object_or_404(Category, path=path)
    context = _navigation(category)
    form = FilterForm(request, _within(category))
    try:
        wanted = form.wanted()
        # Lists of a category are the same for everybody, so that pages can be cached: they carry no token.
        answer = find(wanted, freezing=False)
    except InvalidQuery as error:
        return render(request, "shop/category.html", context | {"error": error.sentence}, status=400)
    shares = (
        form.shares_a_name or Category.objects.filter(name=category.name).exclude(pk=category.pk).exists()
    )
    ranked = bool(wanted.text.strip() or form.looks or form.less)  # which the tables cannot do
    unanswered = answer.is_blind or answers.PRODUCTS in answer.left_out
    by_tables = shares or (unanswered and not ranked)
    if by_tables:
        wanted = replace(wanted, text="", photo="", more=(), less=())
        found, answer = answer, _from_tables(category, wanted, answer)
        count_answer(found if unanswered else answer)
        form.only_filters(
            sorts={name: label for name, (label, _order) in SORTS.items()}, default=DEFAULT_SORT
        )
    else:
        count_answer(answer)
    refuse_beyond(answer)
    context |= context_of(form, wanted, answer) | {
        "by_tables": by_tables,
        "words_aside": ranked and by_tables,
    }
    return status_of(render(request, "shop/category.html", context), answer)


def _within(category: Category) -> Within:
    below = Category.objects.subtree(category).exclude(pk=category.pk)
    elsewhere = Category.objects.exclude(pk__in=below.values("pk"))
    names = frozenset(below.values_list("name", flat=True))
    shared = frozenset(elsewhere.filter(name__in=names).values_list("name", flat=True))
    return Within(category.name, names, names - shared)


def _navigation(category: Category) -> dict[str, Any]:
    """The categories above this one and below it."""
    counts = category_counts()
    children = [(child, counts[child.path]) for child in category.children.order_by("name")]
    return {
        "category": category,
        "line": list(Category.objects.line(category.path)),
        "counts": counts,
        "children": sorted(((child, count) for child, count in children if count), key=lambda pair: -pair[1]),
    }


def _from_tables(category: Category, wanted: Wanted, answer: SearchAnswer) -> SearchAnswer:
    """Return the answer with a list from the tables under all filters, without counts."""
    sort = wanted.sort if wanted.sort in SORTS else DEFAULT_SORT
    filters = clean_filters(wanted.filters, ShopProductIndex.facets)  # as a search reads them
    own = {CATEGORY: wanted.filters.facets[CATEGORY]}  # names of the tables, as they stand there
    listing = list_category(
        category,
        replace(filters, facets={**filters.facets, **own}),
        sort,
        wanted.page,
        get_settings().page_size,
    )
    products = PageProducts((), {str(product.pk): product for product in listing.products})
    return replace(
        answer,
        query="",
        typed="",
        understood=[],
        unknown=(),
        notes=(),
        photo="",
        more=(),
        less=(),
        total=listing.total,
        matching=listing.total,
        fitting=0,
        relaxed=(),
        showing="",
        blocked_by=(),
        complete=True,
        results=[
            SearchResult(key=str(product.pk), card=card, score=0.0, products=products)
            for product, card in zip(listing.products, cards_of(listing.products), strict=True)
        ],
        facets={name: [] for name in (CATEGORY, *wanted.filters.selected)},
        price_ranges=[],
        in_stock=0,
        page=wanted.page,
        left_out=(answers.COUNTS,),
        fired=(),
    )


NEW_ARRIVALS = 10
HERO_PICTURES = 3
HINTS = (_("white sneakers"), _("party dress"), _("blue denim jacket"), _("leather handbag"))


@require_safe
@conditional_page
def home_page(request: HttpRequest) -> HttpResponse:
    """Hero, categories with pictures, new arrivals."""
    counts = category_counts()
    tiles = category_tiles(counts)
    context = {
        "counts": counts,
        "arrivals": cards_of(new_arrivals(NEW_ARRIVALS)),
        "tiles": tiles,
        "hints": HINTS,
        "hero": tiles[:HERO_PICTURES],
    }
    return render(request, "shop/home.html", context)
