"""Thumbnails over HTTP."""

from __future__ import annotations

import logging
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from search.exceptions import PictureError
from shop.thumbnails import FRAMES, PREFIX
from shop.thumbnails import thumbnail as make_thumbnail

PLACEHOLDER = (Path(__file__).parent.parent / "static/shop/placeholder.svg").read_bytes()
log = logging.getLogger(__name__)


@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def thumbnail(request: HttpRequest, frame: str, name: str) -> HttpResponseBase:
    """A product picture's thumbnail, made on the first request for it.

    Names of pictures never stand for another picture later, so browsers keep thumbnails for good. A missing or
    damaged picture answers 404 with a placeholder that browsers show in its place.
    """
    if frame not in FRAMES or not name.startswith(PREFIX):
        raise Http404
    try:
        return FileResponse(default_storage.open(make_thumbnail(name, frame)), content_type="image/webp")
    except SuspiciousFileOperation:
        raise Http404 from None
    except PictureError as error:
        log.warning("No thumbnail of %s: %s", name, error)
        response = HttpResponse(PLACEHOLDER, status=404, content_type="image/svg+xml")
        response["Cache-Control"] = "public, max-age=60"
        return response
