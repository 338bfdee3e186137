"""Addresses, cookies and media types that no page of the shop makes."""

import io

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse

from shop.security import LONGEST_ADDRESS, ReadableMediaTypes, SaneSessionKeys, readable


@pytest.mark.django_db
def test_an_address_of_just_the_longest_is_answered_and_a_longer_one_refused(client):
    rest = LONGEST_ADDRESS - len("/photo-of-nothing/") - len("q=")
    assert client.get("/photo-of-nothing/?q=" + "a" * rest).status_code == 404
    response = client.get("/photo-of-nothing/?q=" + "a" * (rest + 1))
    assert (response.status_code, response.content) == (
        414,
        b"The address is too long: ask for less at once.",
    )


def test_the_api_says_it_in_json(client):
    response = client.get("/api/v1/search/?q=" + "a" * LONGEST_ADDRESS)
    assert response.status_code == 414
    assert response.json() == {
        "error": {"code": "address_too_long", "message": "The address is too long: ask for less at once."}
    }


def test_nul_never_reaches_the_filters_of_the_admin(client):
    response = client.get("/admin/shop/product/?gender=a%00b")
    assert (response.status_code, response.content) == (400, b"The address holds a NUL character: remove it.")


KEY = "0123456789abcdefghijklmnopqrstuv"


def seen(key):
    """The cookies that reach what comes after the middleware."""
    request = HttpRequest()
    request.COOKIES = {"sessionid": key, "other": "\x00"}
    SaneSessionKeys(lambda asked: HttpResponse(repr(asked.COOKIES)))(request)
    return request.COOKIES


def test_a_key_stays():
    assert seen(KEY) == {"sessionid": KEY, "other": "\x00"}


@pytest.mark.parametrize("key", ["", "aaaaaaa", "a" * 41, "aaaaaaaa\x00", "AAAAAAAA", "é" * 9, KEY + "\n"])
def test_what_is_no_key_is_taken_for_none(key):
    assert seen(key) == {"other": "\x00"}


@pytest.mark.django_db
def test_a_nul_in_it_is_nobody_in_particular(client):
    response = client.get("/admin/", HTTP_COOKIE=r'sessionid="aaaaaaaa\000"')
    assert (response.status_code, response["Location"]) == (302, "/admin/login/?next=/admin/")


def test_whoever_has_a_session_keeps_it(admin_client):
    assert admin_client.get("/admin/").status_code == 200


ODD = (
    "text/plain; charset*=nosuch''%41",
    "text/plain; boundary*0*=nosuch''%41",
    "text/plain; charset*1=hex",
    "text/plain; charset=hex",
    "text/plain; charset=rot13",
    "text/plain; charset=zlib",
    "text/plain; charset=bz2",
    "text/plain; charset=undefined",
    "text/plain; charset=punycode",
    "text/plain; charset=unicode_escape",
    "text/plain; charset=utf-7",
    "text/plain; charset=utf-16",
    "text/plain; charset=nosuch",
    "text/plain; charset=a\x00b",
)
EVEN = (
    "",
    "text/plain",
    "application/json; charset=UTF-8",
    'multipart/form-data; boundary="----a=b*c"; charset=utf8',
)
FORM = b'--limit\r\nContent-Disposition: form-data; name="box"\r\n\r\n1\r\n--limit--\r\n'


@pytest.fixture
def send(settings, tiny_artifact, db, redis_server):
    """Sends a request to the application, and returns its status and its headers."""
    from shop.wsgi import application

    settings.FASHION_SEARCH = {"ARTIFACT": str(tiny_artifact)}

    def ask(path, query="", body=b"", **environ):
        sent = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            **environ,
        }
        told = []
        answer = application(sent, lambda status, headers: told.append((int(status[:3]), dict(headers))))
        b"".join(answer)
        (one,) = told
        return one

    for signal in (request_started, request_finished):  # the connection holds the test's transaction
        signal.disconnect(close_old_connections)
    yield ask
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("header", ODD)
def test_an_odd_one_is_not_readable(header):
    assert not readable(header)


@pytest.mark.parametrize("header", EVEN)
def test_an_ordinary_one_is(header):
    assert readable(header)


@pytest.mark.parametrize("header", ODD)
def test_every_address_is_answered_whatever_content_type_says(send, header):
    status, headers = send("/health/live", "a=1", CONTENT_TYPE=header)
    assert (status, headers["X-Content-Type-Options"]) == (200, "nosniff")


def test_the_charset_of_a_type_decodes_no_address(send):
    status, _ = send("/search/", "page=x&q=%5Cud800", CONTENT_TYPE="text/plain; charset=unicode_escape")
    assert status == 400


def test_a_form_in_an_odd_charset_is_refused(send):
    odd = "multipart/form-data; boundary=limit; charset=hex"
    assert (
        send("/search/photo/", body=FORM, CONTENT_TYPE=odd)[0] == 403
    )  # it holds no token that could be read
    assert send("/api/v1/search/photo/", body=FORM, CONTENT_TYPE=odd)[0] == 415
    even = "multipart/form-data; boundary=limit; charset=utf-8"
    assert send("/api/v1/search/photo/", body=FORM, CONTENT_TYPE=even)[0] == 400  # there is no photo in it


def test_the_application_is_wrapped():
    from shop.wsgi import application

    assert isinstance(application, ReadableMediaTypes)
