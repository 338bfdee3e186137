"""The search page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from search.exceptions import InvalidQuery
from search.searching import log_search, search
from shop.filters import FilterForm
from shop.paging import elided_pages

PAGE_SIZE = 24


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """Results of a query with the filters, sort and page that the address names, or the page that it leads to.

    A query that cannot be answered gets status 400 and a sentence that says what to change.
    """
    form = FilterForm(request.GET)
    context = {"form": form, "query": request.GET.get("q", "").replace("\x00", "")}
    try:
        wanted = form.wanted()
        answer = search(
            wanted.text,
            filters=wanted.filters,
            sort=wanted.sort,
            page=wanted.page,
            page_size=PAGE_SIZE,
            spelling=wanted.spelling,
            token=wanted.token,
            photo=wanted.photo,
        )
    except InvalidQuery as error:
        context |= {"error": error.sentence}
        return render(request, "shop/search.html", context, status=400)
    if answer.redirect and answer.redirect != request.get_full_path():
        return HttpResponseRedirect(answer.redirect)
    if answer.page > max(1, answer.pages):
        raise Http404
    context |= {
        "answer": answer,
        "search_id": log_search(request, answer, wanted.filters),
        "groups": form.groups(answer.facets),
        "price_options": form.price_options(answer.price_ranges),
        "chips": form.chips(),
        "as_typed": form.as_typed(),
        "understood": form.understood(answer.understood),
        "pages": elided_pages(answer.page, answer.pages),
    }
    return render(request, "shop/search.html", context)
