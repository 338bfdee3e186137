"""Refuse addresses that no page of the shop makes, before anything reads them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

LONGEST = 16_384  # characters; two tokens, each of at most 4,000, and every filter fit many times over
NUL = "The address holds a NUL character: remove it."
SENTENCE = "The address is too long: ask for less at once."


class ShortAddresses:
    """Middleware that answers 414 to addresses of more than 16,384 characters; the API's in JSON.

    Reading and answering a query string of a megabyte takes half a second, whatever it asks for. The admin's filters
    hand NUL on to Postgres, which takes none: there it is answered 400.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse the request, or hand it on."""
        asked = request.META.get("QUERY_STRING", "")
        if len(request.path_info) + len(asked) <= LONGEST:
            if "%00" in asked and request.path_info.startswith("/admin/"):
                return HttpResponse(NUL, status=400, content_type="text/plain; charset=utf-8")
            return self._get_response(request)
        if request.path_info.startswith("/api/"):
            return JsonResponse({"error": {"code": "address_too_long", "message": SENTENCE}}, status=414)
        return HttpResponse(SENTENCE, status=414, content_type="text/plain; charset=utf-8")
