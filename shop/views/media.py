"""Pictures over HTTP, in places of their own: a storage that has frozen holds no search's place."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from posixpath import normpath

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe
from django.views.static import serve

from search.exceptions import PictureError, StorageAway
from search.storage import ask_storage
from shop.security import inert
from shop.thumbnails import FRAMES, PREFIX
from shop.thumbnails import thumbnail as make_thumbnail

FOR_GOOD = "public, max-age=31536000, immutable"
RETRY_AFTER = 5  # seconds
QUICK_SECONDS = 0.5  # for the address of a picture, which asks no server as a rule
PLACEHOLDER = (Path(__file__).parent.parent / "static/shop/placeholder.svg").read_bytes()
log = logging.getLogger(__name__)


class NoPlace(Exception):  # noqa: N818 - says what is wrong without the suffix
    """All places for reading a picture, and for waiting to, are taken."""


@inert
@require_safe
def thumbnail(request: HttpRequest, frame: str, name: str) -> HttpResponseBase:
    """A product picture's thumbnail, made on the first request for it.

    Names of pictures never stand for another picture later, so browsers keep thumbnails for good. A missing or
    damaged picture answers 404 with a placeholder that browsers show in its place, a storage that does not answer 503.
    """
    if frame not in FRAMES or not name.startswith(PREFIX) or normpath(name) != name:
        raise Http404
    try:
        with _place():
            content = ask_storage(lambda: make_thumbnail(name, frame), seconds=settings.THUMBNAIL_SECONDS)
    except PictureError as error:
        log.warning("No thumbnail of %s: %s", name, error)
        headers = {"Cache-Control": "public, max-age=60"}
        return HttpResponse(PLACEHOLDER, status=404, content_type="image/svg+xml", headers=headers)
    except StorageAway as error:
        log.warning("No thumbnail of %s: the storage does not answer: %s", name, error)
        return _later()
    except NoPlace:
        return _whole_picture(name)
    except (SuspiciousFileOperation, ValueError):  # outside the media folder, or no file name at all
        raise Http404 from None
    return FileResponse(io.BytesIO(content), content_type="image/webp", headers={"Cache-Control": FOR_GOOD})


@inert
@require_safe
def original(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of the media folder; in production a web server in front serves it, see docs/security.md."""
    try:
        with _place():
            return ask_storage(
                lambda: serve(request, path, document_root=str(settings.MEDIA_ROOT)),
                seconds=settings.THUMBNAIL_SECONDS,
            )
    except (StorageAway, NoPlace):
        return _later()
    except OSError:  # a name that no file can have, such as one of 5,000 letters
        raise Http404 from None


def _whole_picture(name: str) -> HttpResponse:
    """Redirect to the picture itself, which a web server serves; the Content-Security-Policy of pages allows no other host."""
    try:
        address = ask_storage(lambda: default_storage.url(name), seconds=QUICK_SECONDS)
    except StorageAway:
        return _later()
    if not url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return _later()
    return HttpResponseRedirect(address, headers={"Cache-Control": "no-store"})


def _later() -> HttpResponse:
    headers = {"Cache-Control": "no-store", "Retry-After": str(RETRY_AFTER)}
    return HttpResponse(PLACEHOLDER, status=503, content_type="image/svg+xml", headers=headers)


@contextmanager
def _place() -> Iterator[None]:
    """Hold one of the WEB_THUMBNAILS places. Three times as many requests may wait for one, WEB_WAIT seconds, since browsers load six at once.

    Raises:
        NoPlace: there is none.
    """
    reading, waiting = _places(settings.WEB_THUMBNAILS)
    if not waiting.acquire(blocking=False):
        raise NoPlace
    try:
        if not reading.acquire(timeout=settings.WEB_WAIT):
            raise NoPlace
        try:
            yield
        finally:
            reading.release()
    finally:
        waiting.release()


@lru_cache(maxsize=1)
def _places(number: int) -> tuple[threading.BoundedSemaphore, threading.BoundedSemaphore]:
    return threading.BoundedSemaphore(number), threading.BoundedSemaphore(4 * number)
