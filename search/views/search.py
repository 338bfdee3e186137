"""The page of results: a query with filters, sort and page, as the address names them."""

from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..api.errors import said_of
from ..conf import get_settings
from ..engine.service import log_search
from ..exceptions import InvalidQuery
from .form import FilterForm
from .results import context_of, find, metadata_of, refuse_beyond, status_of

TEMPLATE = "fashion_search/pages/search.html"


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """Results of a query with the filters, sort and page that the address names, or the page that it leads to.

    A query that cannot be answered gets status 400 and a sentence that says what to change; a search that could not run, 503.
    """
    form = FilterForm(request)
    context = {"base": get_settings().pages_base, "request": request, "form": form}
    try:
        wanted = form.wanted()
        answer = find(wanted)
    except InvalidQuery as error:
        context |= {
            "query": request.GET.get("q", "").replace("\x00", ""),
            "error": said_of(error.code, error.sentence),
            "noindex": True,
        }
        return render(request, TEMPLATE, context, status=400)
    if answer.redirect and not _is_there(request, answer.redirect):
        return HttpResponseRedirect(answer.redirect)
    refuse_beyond(answer)
    context |= context_of(form, wanted, answer)
    context |= metadata_of(request, form, wanted, answer)
    context["search_id"] = log_search(request, answer, wanted.filters)
    return status_of(render(request, TEMPLATE, context), answer)


def _is_there(request: HttpRequest, target: str) -> bool:
    """Whether an address leads to the page that is shown, apart from filters and sort."""
    parts = urlsplit(target)
    if parts.netloc or unquote(parts.path) != request.path:
        return False
    wanted = QueryDict(parts.query)
    return all(set(wanted.getlist(name)) <= set(request.GET.getlist(name)) for name in wanted)
