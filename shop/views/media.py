"""Thumbnails over HTTP."""

from __future__ import annotations

import logging
from pathlib import Path
from posixpath import normpath

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

from search.exceptions import PictureError
from shop.security.media import inert
from shop.thumbnails import FRAMES, PREFIX
from shop.thumbnails import thumbnail as make_thumbnail

FOR_GOOD = "public, max-age=31536000, immutable"
PLACEHOLDER = (Path(__file__).parent.parent / "static/shop/placeholder.svg").read_bytes()
log = logging.getLogger(__name__)


@inert
@require_safe
def thumbnail(request: HttpRequest, frame: str, name: str) -> HttpResponseBase:
    """A product picture's thumbnail, made on the first request for it.

    Names of pictures never stand for another picture later, so browsers keep thumbnails for good. A missing or
    damaged picture answers 404 with a placeholder that browsers show in its place.
    """
    if frame not in FRAMES or not name.startswith(PREFIX) or normpath(name) != name:
        raise Http404
    try:
        made = default_storage.open(make_thumbnail(name, frame))
    except PictureError as error:
        log.warning("No thumbnail of %s: %s", name, error)
        headers = {"Cache-Control": "public, max-age=60"}
        return HttpResponse(PLACEHOLDER, status=404, content_type="image/svg+xml", headers=headers)
    except (SuspiciousFileOperation, ValueError):  # outside the media folder, or no file name at all
        raise Http404 from None
    return FileResponse(made, content_type="image/webp", headers={"Cache-Control": FOR_GOOD})


@inert
@require_safe
def original(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of the media folder; in production a web server in front serves it, see docs/security.md."""
    try:
        return serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except OSError:  # a name that no file can have, such as one of 5,000 letters
        raise Http404 from None
