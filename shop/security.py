"""Protection against hostile requests and content: policies for browsers, and checks of addresses, cookies and media types."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.http import parse_header_parameters
from django.views.decorators.csrf import csrf_exempt

Directives = dict[str, list[str | bool]]

# Pictures and thumbnails are shown, never opened as pages: whatever somebody managed to upload, nothing in it runs.
INERT: Directives = {"default-src": [NONE], "frame-ancestors": [NONE], "sandbox": [True]}


def page_policy(hosts: Iterable[str] = ()) -> Directives:
    """Return the policy of every page: files of the shop's own, no inline scripts or styles, no frames, no eval.

    Args:
        hosts: host names besides the shop's that merchandising's redirects and banners may lead to. A browser holds
            form-action against the redirect that follows a form, and a search is a form.
    """
    # A source that begins with http: fits https, too.
    elsewhere = [f"http://{host}" for host in hosts]
    return {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # blob: is the preview of a photo that was not sent yet; data: are icons inside Swagger UI's styles.
        "img-src": [SELF, "blob:", "data:", *elsewhere],
        "form-action": [SELF, *elsewhere],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }


inert = csp(INERT)  # for views that answer with files


View = Callable[..., HttpResponse]
ELSEWHERE = "This form was sent from another site. Open the shop, and send it from there."


def own_forms(view: View) -> View:
    """Take forms of the shop's own pages only, which need no token, so that these are the same for everybody and can be cached.

    Browsers say where a form stands: in Sec-Fetch-Site, and over plain HTTP in Origin. What says neither is no browser, and has no visitor's
    cookies. The answer to others is 403.
    """

    @csrf_exempt
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not _is_own(request):
            return HttpResponse(ELSEWHERE, status=403, content_type="text/plain; charset=utf-8")
        return view(request, *args, **kwargs)

    return checked


def _is_own(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in ("same-origin", "none")
    return origin is None or origin == f"{request.scheme}://{request.get_host()}"


# The photo page takes files and pasted pictures; it never opens the camera by itself.
UNUSED = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
    "microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in UNUSED)


class PermissionsPolicyMiddleware:
    """Middleware that switches off the browser features that no page of the shop uses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the header to the answer."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response


LONGEST_ADDRESS = (
    16_384  # characters; two tokens, each of at most 4,000, and every filter fit many times over
)
HOLDS_NUL = "The address holds a NUL character: remove it."
TOO_LONG = "The address is too long: ask for less at once."


class ShortAddresses:
    """Middleware that answers 414 to addresses of more than 16,384 characters; the API's in JSON.

    Answering a query string of a megabyte takes half a second, whatever is in it. The admin's filters pass NUL on to
    Postgres, which refuses it, so there the answer is 400.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse the request, or hand it on."""
        asked = request.META.get("QUERY_STRING", "")
        if len(request.path_info) + len(asked) <= LONGEST_ADDRESS:
            if "%00" in asked and request.path_info.startswith("/admin/"):
                return HttpResponse(HOLDS_NUL, status=400, content_type="text/plain; charset=utf-8")
            return self._get_response(request)
        if request.path_info.startswith("/api/"):
            return JsonResponse({"error": {"code": "address_too_long", "message": TOO_LONG}}, status=414)
        return HttpResponse(TOO_LONG, status=414, content_type="text/plain; charset=utf-8")


_SESSION_KEY = re.compile(r"[a-z0-9]{8,40}", re.ASCII)


class SaneSessionKeys:
    r"""Middleware before Django's sessions that drops a session cookie which cannot be a session key.

    A cookie can hold any character; `"\000"` is a NUL, which Postgres refuses, so that looking such a key up fails.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle the request without such a cookie."""
        if not _SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return self._get_response(request)


# A parameter that states an encoding of its own, `name*=utf-8''value` or `name*0*=`: no browser sends one in this header.
_EXTENDED = re.compile(r"\*\s*=|\*\d+\*?\s*=", re.ASCII)


class ReadableMediaTypes:
    """WSGI application that hands a request on without its Content-Type where that cannot be read, or names another charset than UTF-8.

    Django decodes the query string, too, with the `charset` of Content-Type, and there are some that are no encodings
    of text (`hex`), that nobody may use (`undefined`), or that write half surrogate pairs (`unicode_escape`). It reads the
    header before any middleware runs, so that an error there would be answered by the web server, without a page.
    A request that says nothing is answered as one of an unknown type: an API refuses its body with 415, a form is empty.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Hand the request on."""
        if not readable(environ.get("CONTENT_TYPE") or ""):
            del environ["CONTENT_TYPE"]
        return self._application(environ, start_response)


def readable(header: str) -> bool:
    """Whether a Content-Type can be read, and names no charset but UTF-8."""
    if ";" not in header:
        return True
    if _EXTENDED.search(header):
        return False
    try:
        _, parameters = parse_header_parameters(header)
        return codecs.lookup(parameters.get("charset", "utf-8")).name == "utf-8"
    except (ValueError, LookupError):  # an unknown encoding, or a name with a NUL in it
        return False
