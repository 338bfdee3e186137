"""The page that takes a photo: a file, a box on it, a turn; then the address of what looks like it."""

import logging
import math
import re
from typing import BinaryIO, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods
from rest_framework.request import Request

from ..api.access import PhotoThrottle
from ..api.errors import RETRY_AFTER, said_of
from ..conf import get_settings
from ..engine.boxes import Box
from ..engine.photos import MAX_BYTES, MemoryOnly, read_turn, take_photo
from ..exceptions import ArtifactError, EncoderTimeout, InvalidQuery, NoVersion

logger = logging.getLogger(__name__)

TEMPLATE = "fashion_search/pages/photo.html"
# What decoders say of a file that they cannot read helps no shopper; other languages have a sentence without it anyway.
_UNREADABLE = re.compile(r"(?:The picture is damaged: |The file is not a ).*\. (?=Send )")
_UNREAD = "We could not open this photo. "


# The check of the form's token reads the body, so the upload handler that keeps the photo in memory is set before it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def photo_page(request: HttpRequest) -> HttpResponse:
    """Show the form for a photo; once sent, redirect to similar products, with only the photo's token in the address.

    One address may send as many photos as the setting PHOTO_RATE says, here and through the API together; then 429.
    """
    request.upload_handlers = [MemoryOnly(request)]
    return _photo_page(request)


@csrf_protect
def _photo_page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form(request)
    throttle = PhotoThrottle()
    if not throttle.allow_request(Request(request), None):
        wait = math.ceil(throttle.wait() or 1)
        said = gettext("You have sent many photos in a short time. Try again in %(seconds)d seconds.")
        return _form(request, said % {"seconds": wait}, 429, wait)
    file = request.FILES.get("image")
    if file is None or file.file is None or file.size is None:
        return _form(request, gettext("Choose a photo first."), 400)
    try:
        box, turn = Box.read(request.POST.get("box", "")), read_turn(request.POST.get("turn", ""))
        token = take_photo(cast(BinaryIO, file.file), file.size, box, turn)
    except InvalidQuery as error:
        return _form(request, _UNREADABLE.sub(_UNREAD, said_of(error.code, error.sentence)), 400)
    except EncoderTimeout:
        said = gettext("Many people are sending photos right now. Try again in a few seconds.")
        return _form(request, said, 503, RETRY_AFTER)
    except NoVersion:
        said = gettext("Photo search is not ready yet. Please try again in a little while.")
        return _form(request, said, 503, RETRY_AFTER)
    except ArtifactError as error:
        logger.error("A photo cannot be encoded: %s", error)
        said = gettext("Photo search is not available at the moment. Search with words instead.")
        return _form(request, said, 503, RETRY_AFTER)
    namespace = request.resolver_match.namespace if request.resolver_match else None
    address = reverse("fashion_search_pages:search", current_app=namespace)
    return HttpResponseRedirect(f"{address}?{urlencode({'photo': token})}")


def _form(request: HttpRequest, error: str = "", status: int = 200, wait: int = 0) -> HttpResponse:
    """The page, with what went wrong, and the seconds after which to try again."""
    context = {
        "base": get_settings().pages_base,
        "request": request,
        "error": error,
        "megabytes": MAX_BYTES // 1_000_000,
        "noindex": bool(error),
    }
    response = render(request, TEMPLATE, context, status=status)
    if wait:
        response["Retry-After"] = str(wait)
    return response
