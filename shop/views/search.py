"""Search with words and with a photo."""

from __future__ import annotations

import logging
from urllib.parse import unquote, urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from search.engine import Box, MemoryOnly, log_search, read_turn, take_photo
from search.exceptions import ArtifactError, EncoderTimeout, InvalidQuery, NoVersion
from shop.filters import FilterForm
from shop.views.results import context_of, find, refuse_beyond, status_of

log = logging.getLogger(__name__)
RESTING = "Search with photos is paused for a moment. Search with words instead."
BUSY = "Many people are sending photos right now. Try again in a few seconds."


def _is_there(request: HttpRequest, target: str) -> bool:
    """Whether an address leads to the page that is shown, apart from filters and sort."""
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


# The check of the form's token reads the body, so the upload handler that keeps the photo in memory is set before it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def photo_page(request: HttpRequest) -> HttpResponse:
    """Show the form for a photo; once sent, redirect to similar products, with only the photo's token in the address."""
    request.upload_handlers = [MemoryOnly(request)]
    return _photo_page(request)


@csrf_protect
def _photo_page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "shop/photo.html")
    file = request.FILES.get("image")
    if file is None or file.file is None or file.size is None:
        return _refused(request, "Choose a photo first.", 400)
    try:
        box, turn = Box.read(request.POST.get("box", "")), read_turn(request.POST.get("turn", ""))
        token = take_photo(file.file, file.size, box, turn)
    except InvalidQuery as error:
        return _refused(request, error.sentence, 400)
    except (EncoderTimeout, NoVersion, ArtifactError) as error:
        said = RESTING
        if isinstance(error, EncoderTimeout):
            said = BUSY
        elif isinstance(error, NoVersion):
            said = str(error)
        else:
            log.error("A photo cannot be encoded: %s", error)
        response = _refused(request, said, 503)
        response["Retry-After"] = "5"
        return response
    return HttpResponseRedirect(f"{reverse('shop:search')}?{urlencode({'photo': token})}")


def _refused(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    response = render(request, "shop/photo.html", {"error": sentence}, status=status)
    response["HX-Push-Url"] = (
        "false"  # htmx shows the sentence in place: there is no new page to go back from
    )
    return response
