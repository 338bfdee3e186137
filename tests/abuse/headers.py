"""Headers that break programs, and a client whose requests come in as gunicorn's do."""

from typing import Any

from django.test import Client

from shop.security import ReadableMediaTypes

CHARSETS = (
    "hex",
    "rot13",
    "zlib",
    "bz2",
    "undefined",
    "punycode",
    "unicode_escape",
    "utf-7",
    "utf-16",
    "nosuch",
)
MEDIA_TYPES = (
    *(f"text/plain; charset={name}" for name in CHARSETS),
    *(f"*/*; a*={name}''%5Cud800" for name in CHARSETS),
    "multipart/form-data; boundary*0*=nosuch''limit",
    "text/plain; charset=a\x00b",
)
# Python reads three digits after a backslash as a character, so that a cookie can hold every one.
COOKIES = tuple(
    f'{name}="{value}"'
    for name in ("sessionid", "csrftoken", "messages", "visit")
    for value in (r"aaaaaaaa\000", r"aaaaaaaa\001\177", "a" * 4_000, r"\000", r"\351" * 20)
)  # fmt: skip
HARMFUL = {
    "CONTENT_TYPE": MEDIA_TYPES,
    "HTTP_ACCEPT": MEDIA_TYPES,
    "HTTP_COOKIE": COOKIES,
    "HTTP_HOST": ("[", "[::1", "a:b", "testserver:999999", "te\x00st", "a" * 300, "testserver@x"),
    "HTTP_ORIGIN": ("http://[", "http://a:b:c", "http://a]", "//", "http://\xff", "http://x:99999999"),
    "HTTP_REFERER": ("http://[", "http://a:b:c", "http://x:99999999", "http://testserver/["),
    "HTTP_RANGE": (
        "bytes=",
        "bytes=9-1",
        "bytes=-" + "9" * 5_000,
        "bytes=a-b",
        "bytes=\xb2-",
        "bytes=1-2,3-4",
    ),
    "HTTP_IF_MODIFIED_SINCE": ("Sun, 06 Nov 0000 08:49:37 GMT", "Sun Nov 31 08:49:37 1994", "\xb2"),
    "HTTP_IF_NONE_MATCH": ('"', "W/", "*,", "\xff", '"a",' * 2_000),
    "HTTP_ACCEPT_LANGUAGE": ("en;q=x", "en;q=" + "1" * 400, "a-" * 3_000, "xx\x00"),
    "HTTP_X_FORWARDED_FOR": (",", "\xff", "a" * 8_000),
}


def at_the_edge() -> Client:
    """A client whose requests go through what lies around Django in `shop/wsgi.py`."""
    client = Client()
    handler = client.handler
    edge = ReadableMediaTypes(lambda environ, _start: handler(environ))

    def handle(environ: dict[str, Any]) -> Any:
        return edge(environ, lambda *_: None)

    client.handler = handle  # type: ignore[assignment]
    return client
