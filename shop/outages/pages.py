"""Answer requests that failed: with 503 where Postgres is away, with 500 where the mistake is ours."""

from __future__ import annotations

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from search.exceptions import StorageAway

RETRY_AFTER = 5  # seconds
SENTENCE = "The shop is not available at the moment: try again in a few seconds."
BUSY = "Too many people are in the shop at the moment: try again in a few seconds."
STORAGE = "Pictures cannot be stored or read at the moment: try again in a few minutes."
log = logging.getLogger(__name__)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer a request whose handling raised; Django calls it while the error is being handled."""
    error = sys.exception()
    if isinstance(error, StorageAway):
        log.error("The storage of the pictures did not answer %s: %s", request.path, error)
        return _later(request, "storage_away", STORAGE)
    if not isinstance(error, OperationalError | InterfaceError):
        return render(request, "500.html", status=500)
    log.error("Postgres did not answer %s", request.path)
    return _later(request, "unavailable", SENTENCE)


def busy(request: HttpRequest) -> HttpResponse:
    """Answer a request that there is no room for at the moment."""
    return _later(request, "busy", BUSY)


def _later(request: HttpRequest, code: str, sentence: str) -> HttpResponse:
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse({"error": {"code": code, "message": sentence}}, status=503)
    else:
        response = render(request, "503.html", {"sentence": sentence}, status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response
