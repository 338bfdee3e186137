"""Let no session key reach Postgres that Django has never made."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_KEY = re.compile(r"[a-z0-9]{8,40}", re.ASCII)


class SaneSessionKeys:
    r"""Middleware before Django's sessions: a session cookie that is no key is taken for none.

    A cookie can hold every character, `"\000"` is a NUL. Postgres takes none, so that looking for such a key fails.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle the request without such a cookie."""
        if not _KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return self._get_response(request)
