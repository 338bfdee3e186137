"""Errors of the API: {"error": {"code": ..., "message": ...}}, the message a sentence with the remedy."""

import logging
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAcceptable, NotFound, Throttled
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ..exceptions import ArtifactError, EncoderTimeout, InvalidQuery, NoTags, NoVersion

logger = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds


def handle_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into a response; None lets Django answer 500 and report it."""
    if isinstance(error, InvalidQuery):
        return _response(400, error.code, error.sentence)
    if isinstance(error, EncoderTimeout):
        sentence = "Too many photos are being looked at: try again in a few seconds."
        return _response(503, "busy", sentence, {"Retry-After": str(RETRY_AFTER)})
    if isinstance(error, NoVersion):
        return _response(503, "no_index", str(error), {"Retry-After": str(RETRY_AFTER)})
    if isinstance(error, NoTags):
        return _response(503, "no_tags", str(error), {"Retry-After": str(RETRY_AFTER)})
    if isinstance(error, ArtifactError):
        logger.error("The artifact cannot be used for an API request", exc_info=error)
        sentence = "Search is not available at the moment: try again in a few seconds."
        return _response(503, "unavailable", sentence, {"Retry-After": str(RETRY_AFTER)})
    if isinstance(error, SuspiciousOperation):
        return _response(
            400, "invalid_request", "The request cannot be read: send fewer and valid parameters."
        )
    if isinstance(error, Http404 | NotFound):
        return _response(404, "not_found", "There is nothing at this address: check its spelling.")
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("The database did not answer an API request", exc_info=error)
        set_rollback()
        sentence = "Search is not available at the moment: try again in a few seconds."
        return _response(503, "unavailable", sentence, {"Retry-After": str(RETRY_AFTER)})
    if isinstance(error, APIException):
        return _from_rest_framework(error, context)
    return None


def not_found(sku: str) -> Response:
    """The answer for an SKU that no published product has."""
    return _response(
        404,
        "product_not_found",
        f"No product has the SKU {sku!r}: check its spelling, or look for the product with the search.",
    )


def _from_rest_framework(error: APIException, context: dict[str, Any]) -> Response:
    headers = {}
    sentence = str(error.detail)
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(context["view"].allowed_methods)
        sentence = f"The method {context['request'].method} is not allowed here: use one of {allowed}."
        headers["Allow"] = allowed
    elif isinstance(error, NotAcceptable):
        sentence = "The answer exists as JSON only: send Accept: application/json."
    elif isinstance(error, Throttled):
        wait = int(getattr(error, "wait", None) or 0) + 1
        sentence = f"There were too many requests: try again in {wait} seconds."
        headers["Retry-After"] = str(wait)
    if asked_for := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = asked_for
    return _response(error.status_code, error.default_code, sentence, headers)


def _response(status: int, code: str, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return Response({"error": {"code": code, "message": sentence}}, status=status, headers=headers)
