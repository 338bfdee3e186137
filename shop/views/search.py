"""The search page."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from search.exceptions import InvalidQuery
from search.searching import log_search
from shop.filters import FilterForm
from shop.views.results import context_of, find, refuse_beyond, status_of


def _is_there(request: HttpRequest, target: str) -> bool:
    """Whether a page is, but for filters and sort, the one that an address leads to."""
    parts = urlsplit(target)
    if parts.netloc or unquote(parts.path) != request.path:
        return False
    wanted = QueryDict(parts.query)
    return all(set(wanted.getlist(name)) <= set(request.GET.getlist(name)) for name in wanted)


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
    if answer.redirect and not _is_there(request, answer.redirect):
        return HttpResponseRedirect(answer.redirect)
    refuse_beyond(answer)
    context = context_of(form, wanted, answer) | {"search_id": log_search(request, answer, wanted.filters)}
    return status_of(render(request, "shop/search.html", context), answer)
