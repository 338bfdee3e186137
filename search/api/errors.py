"""Errors of the API: {"error": {"code": ..., "message": ...}}, the message a sentence with the remedy."""

import logging
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext, gettext_noop
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAcceptable, NotFound, Throttled
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ..exceptions import ArtifactError, EncoderTimeout, InvalidQuery, NoTags, NoVersion
from ..sentences import untranslated

logger = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds

# The English sentences name the very value that is wrong; in another language a message says, more generally, what its
# code means. Without a translation the message stays English.
GENERAL = {
    "invalid_settings": gettext_noop("The settings cannot be used."),
    "expired_photo": gettext_noop("The photo is not known any more: send it again."),
    "photo_too_large": gettext_noop("The photo is too large: make it smaller."),
    "invalid_photo": gettext_noop("The photo cannot be read: send a JPEG, PNG, WebP, AVIF or HEIC."),
    "no_photo": gettext_noop("Send the photo in the field image of a multipart form."),
    "invalid_turn": gettext_noop("A photo is turned by 0, 90, 180 or 270 degrees clockwise."),
    "invalid_box": gettext_noop("The box must be left,top,right,bottom as fractions of the photo's size."),
    "invalid_character": gettext_noop("The text holds a character that cannot be searched for: remove it."),
    "too_long": gettext_noop("The text is too long: use fewer words."),
    "invalid_event": gettext_noop("The event cannot be read: check its fields."),
    "invalid_limit": gettext_noop("The limit must be a whole number from 1."),
    "invalid_page": gettext_noop("The page must be a whole number from 1."),
    "invalid_page_size": gettext_noop("The page size must be a whole number from 1."),
    "invalid_price": gettext_noop("The prices must be numbers, the lower one first."),
    "invalid_sort": gettext_noop("Results cannot be sorted that way: check the name of the sort."),
    "invalid_cursor": gettext_noop("The cursor is not known: begin without one."),
    "invalid_more": gettext_noop("Name at most ten SKUs in more."),
    "invalid_less": gettext_noop("Name at most ten SKUs in less."),
    "invalid_looks": gettext_noop("looks must be facet=value, once for each facet of a photo."),
    "invalid_in_stock": gettext_noop("in_stock must be on or off."),
    "invalid_spelling": gettext_noop("spelling must be on or off."),
    "invalid_explain": gettext_noop("explain must be on or off."),
    "invalid_request": gettext_noop("The request cannot be read: send fewer and valid parameters."),
    "unknown_parameter": gettext_noop("There is no such parameter: check its spelling."),
    "unknown_facet": gettext_noop("There is no such filter: check its spelling."),
    "invalid_filter": gettext_noop("A filter cannot be read: check its values."),
    "repeated_parameter": gettext_noop("A parameter is given more than once: give it once."),
    "no_product": gettext_noop("Name the product by its SKU in product."),
    "no_word": gettext_noop("Send the word in q."),
    "parse_error": gettext_noop("The body cannot be read: check its format."),
    "product_not_found": gettext_noop("No product has this SKU: check its spelling."),
    "not_found": gettext_noop("There is nothing at this address: check its spelling."),
    "method_not_allowed": gettext_noop("This method is not allowed here."),
    "not_acceptable": gettext_noop("The answer exists as JSON only: send Accept: application/json."),
    "unsupported_media_type": gettext_noop("The body has a type that cannot be read here."),
    "not_authenticated": gettext_noop("A key is needed: send it as Authorization: Bearer KEY."),
    "authentication_failed": gettext_noop(
        "This key is unknown or was revoked: ask the shop for another one."
    ),
    "permission_denied": gettext_noop("This key may not do that."),
    "throttled": gettext_noop("There were too many requests: try again later, as Retry-After says."),
    "busy": gettext_noop("Too many photos are being looked at: try again in a few seconds."),
    "no_index": gettext_noop("Search is being prepared: try again later."),
    "no_tags": gettext_noop("Tags are being prepared: try again later."),
    "unavailable": gettext_noop("Search is not available at the moment: try again in a few seconds."),
}


def in_language(request: HttpRequest, code: str, sentence: str) -> tuple[str, str]:
    """Return a message in the language that a client asks for, and the language.

    Args:
        request: what the client sent.
        code: of the error.
        sentence: the message in English.
    """
    language = translation.get_language_from_request(request)
    with translation.override(language):
        said = said_of(code, sentence)
    return (said, "en") if said == untranslated(sentence) else (said, language)


def said_of(code: str, sentence: str) -> str:
    """Return a message in the active language.

    Args:
        code: of the error.
        sentence: the message in English, which languages without a translation get.
    """
    general = GENERAL.get(code)
    if general is None or (translation.get_language() or "en").startswith("en"):
        return str(sentence)
    said = gettext(general)
    return untranslated(sentence) if said == general else said


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
        return _response(503, "no_index", error.args[0], {"Retry-After": str(RETRY_AFTER)})
    if isinstance(error, NoTags):
        return _response(503, "no_tags", error.args[0], {"Retry-After": str(RETRY_AFTER)})
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
