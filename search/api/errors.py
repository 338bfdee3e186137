"""Errors of the API: {"error": {"code": ..., "message": ...}}, the message a sentence with the remedy."""

import logging
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.cache import patch_vary_headers
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAcceptable, NotFound, Throttled
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ..exceptions import ArtifactError, EncoderTimeout, InvalidQuery, NoTags, NoVersion
from .http import in_language

logger = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds


def handle_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into a response; None lets Django answer 500 and report it."""
    response = _response_to(error, context)
    if response is not None:
        said = response.data["error"]
        request = context["request"]._request
        said["message"], response["Content-Language"] = in_language(request, said["code"], said["message"])
        patch_vary_headers(response, ["Accept-Language"])
    return response


def _response_to(error: Exception, context: dict[str, Any]) -> Response | None:
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


class NoSuchProduct(APIException):
    """No published product has an SKU."""

    status_code = 404
    default_code = "product_not_found"

    def __init__(self, sku: str) -> None:
        super().__init__(
            f"No product has the SKU {sku!r}: check its spelling, or look for the product with the search."
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
