"""The search page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from search.exceptions import InvalidQuery
from search.searching import log_search
from shop.filters import FilterForm
from shop.views.results import context_of, find, refuse_beyond


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """Results of a query with the filters, sort and page that the address names, or the page that it leads to.

    A query that cannot be answered gets status 400 and a sentence that says what to change.
    """
    form = FilterForm(request.GET)
    try:
        wanted = form.wanted()
        answer = find(wanted)
    except InvalidQuery as error:
        context = {
            "form": form,
            "query": request.GET.get("q", "").replace("\x00", ""),
            "error": error.sentence,
        }
        return render(request, "shop/search.html", context, status=400)
    if answer.redirect and answer.redirect != request.get_full_path():
        return HttpResponseRedirect(answer.redirect)
    refuse_beyond(answer.page, answer.pages)
    context = context_of(form, wanted, answer) | {"search_id": log_search(request, answer, wanted.filters)}
    return render(request, "shop/search.html", context)
