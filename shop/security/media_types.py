"""Let no Content-Type with an odd encoding reach Django, which reads addresses and forms in any that Python has."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

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
