"""What all answers of the API share as HTTP: the media type chosen, what is shown of a value, addresses of other pages, what clients may keep."""

import json
import re
from collections.abc import Iterable
from hashlib import sha256
from threading import local
from typing import Any

from django.http import Http404
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

_EXTENDED = re.compile(r"\*\s*=")  # name*=utf-8''value


class PlainNegotiation(DefaultContentNegotiation):
    """REST framework's own, without media types whose parameters state an encoding.

    What is decoded is put into the media type of the answer, where half a surrogate pair or another parameter ends in an error.
    A `format` in the query string that does not exist is not acceptable, where REST framework says that the address does not exist.
    """

    def filter_renderers(self, renderers: Iterable[BaseRenderer], format: str) -> list[BaseRenderer]:
        """Return the renderers of a format.

        Raises:
            NotAcceptable: there is none.
        """
        try:
            found: list[BaseRenderer] = super().filter_renderers(renderers, format)
        except Http404 as error:
            raise NotAcceptable from error
        return found

    def get_accept_list(self, request: Request) -> list[str]:
        """Return the media types of the header, the odd ones left out."""
        accepted: list[str] = super().get_accept_list(request)
        return [media_type for media_type in accepted if not _EXTENDED.search(media_type)]


class _Kept(local):
    """The serializers of this thread: to make one, REST framework copies every field of it and of those inside."""

    def __init__(self) -> None:
        self.context: dict[str, Any] = {}
        self.made: dict[type[Serializer[Any]], Serializer[Any]] = {}


_kept = _Kept()


def represent(kind: type[Serializer[Any]], value: Any, request: Request) -> dict[str, Any]:
    """Return what an answer to a request shows of a value.

    Args:
        kind: serializer of the value.
        value: an object or a mapping that has the serializer's fields.
        request: whose host and scheme addresses get.
    """
    if kind not in _kept.made:
        _kept.made[kind] = kind(context=_kept.context)
    _kept.context["request"] = request
    try:
        shown: dict[str, Any] = _kept.made[kind].to_representation(value)
        return shown
    finally:
        _kept.context.clear()


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
