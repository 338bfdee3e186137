"""The messages of errors in the language of `Accept-Language`.

The English sentences name the very value that is wrong; in another language a message says, more generally, what its code
means. Without a translation the message stays English.
"""

import json
import re
from hashlib import sha256
from typing import Any

from django.http import HttpRequest
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.translation import gettext, gettext_noop
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

GENERAL = {
    "invalid_settings": gettext_noop("The settings cannot be used."),
    "expired_photo": gettext_noop("The photo is not known any more: send it again."),
    "photo_too_large": gettext_noop("The photo is too large: make it smaller."),
    "invalid_photo": gettext_noop("The photo cannot be read: send a JPEG, PNG or WebP."),
    "no_photo": gettext_noop("Send the photo in the field image of a multipart form."),
    "invalid_box": gettext_noop("The box must be left,top,right,bottom in shares of the photo."),
    "invalid_character": gettext_noop("The text holds a character that cannot be searched for: remove it."),
    "too_long": gettext_noop("The text is too long: use fewer words."),
    "invalid_event": gettext_noop("The event cannot be read: check its fields."),
    "invalid_limit": gettext_noop("The limit must be a whole number from 1."),
    "invalid_page": gettext_noop("The page must be a whole number from 1."),
    "invalid_page_size": gettext_noop("The page size must be a whole number from 1."),
    "invalid_price": gettext_noop("The prices must be numbers, the lower one first."),
    "invalid_sort": gettext_noop("Results cannot be sorted so: check the name of the sort."),
    "invalid_cursor": gettext_noop("The cursor is not known: begin without one."),
    "invalid_more": gettext_noop("Name at most ten SKUs in more."),
    "invalid_less": gettext_noop("Name at most ten SKUs in less."),
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
    general = GENERAL.get(code)
    if general is None or language.startswith("en"):
        return sentence, "en"
    with translation.override(language):
        said = gettext(general)
    return (sentence, "en") if said == general else (said, language)


# Which of the media types that a client accepts are looked at.


_EXTENDED = re.compile(r"\*\s*=")  # name*=utf-8''value


class PlainNegotiation(DefaultContentNegotiation):
    """REST framework's own, without media types whose parameters state an encoding.

    What is decoded is put into the media type of the answer, where half a surrogate pair or another parameter ends in an error.
    """

    def get_accept_list(self, request: Request) -> list[str]:
        """Return the media types of the header, the odd ones left out."""
        accepted: list[str] = super().get_accept_list(request)
        return [media_type for media_type in accepted if not _EXTENDED.search(media_type)]


# Addresses of other pages of an answer.


def page_address(request: Request, page: int | None, token: str, photo: str = "") -> str | None:
    """Return the absolute address of a page of the same search, or None where there is none.

    Args:
        request: what was asked for; after a photo that was sent by POST, its address is the one above.
        page: number of the page.
        token: of the list that pages are cut from.
        photo: token of the photo that was searched with.
    """
    if page is None:
        return None
    parameters = request.query_params.copy()
    parameters["page"] = str(page)
    parameters.pop("token", None)
    if token:
        parameters["token"] = token
    if photo:
        parameters["photo"] = photo
    path = request.path.removesuffix("photo/") if request.method == "POST" else request.path
    return request.build_absolute_uri(f"{path}?{parameters.urlencode()}")


# What clients may keep of an answer: ETag, Cache-Control, and 304 where nothing has changed.


# What differs from one answer to the next although it says the same.
PASSING = ("took_ms", "search", "token", "next", "stages")


def keepable(request: Request, response: Response, seconds: int) -> Any:
    """Return the response with its ETag, or 304 where the client has it already; a degraded answer is not kept at all.

    Args:
        request: what was asked.
        response: with status 200, not rendered yet.
        seconds: how long it may be used without asking again; 0 for never.
    """
    data = response.data
    if isinstance(data, dict) and data.get("degraded"):
        patch_cache_control(response, private=True, no_store=True)
        return response
    said = (
        {name: value for name, value in data.items() if name not in PASSING}
        if isinstance(data, dict)
        else data
    )
    etag = f'W/"{sha256(json.dumps(said, default=str, sort_keys=True).encode()).hexdigest()[:32]}"'
    response["ETag"] = etag
    patch_vary_headers(response, ["Accept", "Accept-Language", "Authorization"])
    if seconds:
        patch_cache_control(response, private=True, max_age=seconds)
    else:
        patch_cache_control(response, private=True, no_cache=True)
    return get_conditional_response(request._request, etag=etag, response=response)
